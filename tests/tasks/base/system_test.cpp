#include "tasks/base/system.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <functional>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "nn/io/file.h"
#include "tensor/check.h"
#include "tensor/parallel.h"
#include "tests/support/temporary_folder.h"

namespace banel {
namespace {

struct Outcome {
  int code;  // of exit; minus the signal if one ended the process
  std::string out, err;
};

// run_program in a process of its own; `prepare` may replace the standard streams first.
Outcome run(const std::function<void()>& prepare, const std::function<int()>& program) {
  const TemporaryFolder folder;
  const std::filesystem::path out = folder.path / "out", err = folder.path / "err";
  std::cout.flush();
  std::fflush(stdout);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::dup2(::open(out.c_str(), O_WRONLY | O_CREAT, 0600), STDOUT_FILENO);
    ::dup2(::open(err.c_str(), O_WRONLY | O_CREAT, 0600), STDERR_FILENO);
    prepare();
    ::_exit(run_program(program));
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), read_file(out), read_file(err)};
}

void fill_up_stdout() { ::dup2(::open("/dev/full", O_WRONLY), STDOUT_FILENO); }

bool is_one_line(const std::string& text) { return !text.empty() && text.find('\n') == text.size() - 1; }

TEST_CASE("system: what a program prints is written and its exit code returned") {
  const Outcome ok = run([] {},
                         [] {
                           std::cout << "a\n";
                           std::printf("b\n");
                           return 0;
                         });
  CHECK(ok.code == 0);
  CHECK(ok.out == "a\nb\n");
  CHECK(ok.err.empty());
  CHECK(run([] {}, [] { return 7; }).code == 7);
}

TEST_CASE("system: a full stdout gives one line and exit code 4 whichever way the text was printed") {
  const std::vector<std::function<void()>> ways{
      [] { std::cout << "x"; }, [] { std::printf("x"); }, [] { std::cout << std::string(100'000, 'x'); },
      [] { std::cout << "x" << std::flush; }, [] { std::fwrite("x", 1, 1, stdout), std::fflush(stdout); }};
  for (std::size_t i = 0; i < ways.size(); ++i) {
    CAPTURE(i);
    const Outcome full = run(fill_up_stdout, [&] { return ways[i](), 0; });
    CHECK(full.code == 4);
    CHECK(is_one_line(full.err));
    CHECK(full.err.starts_with("banel: stdout: cannot write: No space left on device; "));
  }
  CHECK(run(fill_up_stdout, [] { return 0; }).code == 0);  // nothing printed, nothing lost
}

TEST_CASE("system: a failed program keeps its exit code when stdout is full too") {
  CHECK(run(fill_up_stdout, [] { return std::printf("x"), 7; }).code == 7);
  CHECK(run(fill_up_stdout, []() -> int { std::printf("x"), throw InputError("f: bad"); }).code == 3);
}

TEST_CASE("system: a program that prints to a closed stdout ends with exit code 4") {
  const Outcome closed = run([] { ::close(STDOUT_FILENO); }, [] { return std::cout << "x", 0; });
  CHECK(closed.code == 4);
  CHECK(is_one_line(closed.err));
  CHECK(run([] { ::close(STDOUT_FILENO); }, [] { return 0; }).code == 0);
}

TEST_CASE("system: no file gets the number of a closed standard stream") {
  const TemporaryFolder folder;
  const std::filesystem::path ledger = folder.path / "ledger";
  const auto close_all = [] {
    for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::close(fd);
  };
  const auto program = [&] {
    AppendFile file(ledger);
    std::cerr << "progress\n";
    std::fputs("progress\n", stderr);
    file.append("entry\n");
    char byte = 0;
    return ::read(STDIN_FILENO, &byte, 1) == -1 ? 0 : 1;
  };
  CHECK(run(close_all, program).code == 0);
  CHECK(read_file(ledger) == "entry\n");
}

TEST_CASE("system: a reader that goes away ends the program with exit code 4 and no signal") {
  const auto into_broken_pipe = [] {
    int ends[2];
    if (::pipe(ends) != 0) ::_exit(99);
    ::dup2(ends[1], STDOUT_FILENO);
    ::close(ends[0]);
  };
  const Outcome broken = run(into_broken_pipe, []() -> int {
    for (;;) std::cout << "line\n";  // ends only because the write throws
  });
  CHECK(broken.code == 4);
  CHECK(broken.err.starts_with("banel: stdout: cannot write: Broken pipe; "));
}

TEST_CASE("system: a file beyond the size limit is an error of its write and no signal") {
  const TemporaryFolder folder;
  const auto limit = [] {
    const rlimit bytes{4096, 4096};
    ::setrlimit(RLIMIT_FSIZE, &bytes);
  };
  const Outcome large = run(limit, [&] { return write_file(folder.path / "f", std::string(5000, 'x')), 0; });
  CHECK(large.code == 4);
  CHECK(is_one_line(large.err));
}

TEST_CASE("system: every signal that asks a program to end stops it at a safe point and says so") {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGXCPU}) {
    CAPTURE(signal);
    const Outcome stopped = run([] {},
                                [&] {
                                  ::raise(signal);
                                  ::raise(SIGXCPU);  // comes every second
                                  return check_stop(), 0;
                                });
    CHECK(stopped.code == 130);
    CHECK(is_one_line(stopped.err));
    CHECK(run([] {}, [&] { return ::raise(signal), ::raise(SIGTERM), 0; }).code == 130);  // at once
  }
  CHECK(run([] { ::signal(SIGHUP, SIG_IGN); }, [] { return ::raise(SIGHUP), check_stop(), 0; }).code == 0);
}

TEST_CASE("system: a signal ends a wait for the reader of stdout with exit code 130") {
  for (const bool at_the_end : {false, true}) {  // 64 KiB fill the pipe; what follows waits in a buffer
    const auto full_pipe = [] {
      static int ends[2];
      if (::pipe(ends) != 0) ::_exit(99);
      ::dup2(ends[1], STDOUT_FILENO);
      ::alarm(20);  // ends it if nothing else does
    };
    const auto waiting = [&] {
      const pthread_t here = ::pthread_self();
      std::thread([here] {
        ::usleep(300'000);
        ::pthread_kill(here, SIGINT);
      }).detach();
      const std::string line(99, 'x');
      for (int i = 0; i < (at_the_end ? 656 : 10'000); ++i) std::cout << line << '\n';
      return 0;
    };
    const Outcome stopped = run(full_pipe, waiting);
    CHECK(stopped.code == 130);
    CHECK(stopped.err.starts_with("banel: interrupted; "));
  }
}

TEST_CASE("system: a signal ends a wait for a pipe on any thread") {
  const TemporaryFolder folder;
  const std::filesystem::path pipe = folder.path / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const auto waiting = [&] {
    std::exception_ptr error;
    std::thread reader([&] {
      try {
        read_file(pipe);
      } catch (...) {
        error = std::current_exception();
      }
    });
    ::usleep(300'000);
    ::raise(SIGINT);
    reader.join();
    if (error) std::rethrow_exception(error);
    return 0;
  };
  CHECK(run([] { ::alarm(20); }, waiting).code == 130);
}

TEST_CASE("system: a program with little stack gets more and its exit code is returned") {
  const auto limit = [] {
    const rlimit bytes{64 << 10, 64 << 10};
    ::setrlimit(RLIMIT_STACK, &bytes);
  };
  const auto deep = [] {
    volatile char much[1 << 20];
    for (std::size_t i = 0; i < sizeof much; i += 1024) much[i] = 7;
    return static_cast<int>(much[1024]);
  };
  CHECK(run(limit, deep).code == 7);
  CHECK(run(limit, []() -> int { throw InputError("f: bad"); }).code == 3);
}

TEST_CASE("system: every class of error has its exit code and its message on one line") {
  const auto thrown = [](auto error) {
    const Outcome outcome = run([] {}, [&]() -> int { throw error; });
    CHECK(outcome.err == std::string("banel: ") + error.what() + "\n");
    return outcome.code;
  };
  CHECK(thrown(std::runtime_error("where: what")) == 1);
  CHECK(thrown(UsageError("where: what")) == 2);
  CHECK(thrown(InputError("where: what")) == 3);
  CHECK(thrown(IoError("where: what")) == 4);
  CHECK(thrown(VerificationError("where: what")) == 5);
  CHECK(thrown(BudgetError("where: what")) == 6);
  CHECK(run([] {}, []() -> int { throw std::bad_alloc(); }).code == 1);
}

TEST_CASE("system: the description of the machine has the same keys in every run") {
  const Json info = system_info();
  std::vector<std::string> keys;
  for (const auto& [key, value] : info.members()) keys.push_back(key);
  CHECK(keys == std::vector<std::string>{"banel", "compiler", "build", "cpu", "cores", "threads",
                                         "blas_library", "blas_kernels", "blas_kernels_chosen_by",
                                         "blas_config", "blas_products", "same_bits"});
}

}  // namespace
}  // namespace banel
