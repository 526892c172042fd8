// A disk that fills up in the middle of a file, as a test makes it.
//
//   const FileSizeLimit limit(4096);
//   CHECK_THROWS_AS(write_file(path, std::string(5000, 'x')), IoError);
#pragma once
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>

namespace banel {

// While it lives, a write beyond the first `bytes` of any file fails with EFBIG.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(::signal(SIGXFSZ, SIG_IGN)) {
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &old_) == 0);
    const rlimit limit{bytes, old_.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    ::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit old_{};
  void (*handler_)(int);
};

}  // namespace banel
