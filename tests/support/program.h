// A program in a process of its own, as a user runs it.
#pragma once
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "nn/io/file.h"
#include "tests/support/temporary_folder.h"

namespace banel {

using Arguments = std::vector<std::string>;

struct Outcome {
  int code = -1;  // of exit; minus the signal if one ended the program
  std::string out, err;
};

inline Arguments operator+(Arguments a, const Arguments& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

class Program {
 public:
  // words[0] is the program; it runs in `directory` with these environment variables set besides those of the
  // tests.
  explicit Program(Arguments words, const std::filesystem::path& directory = {},
                   const std::map<std::string, std::string>& environment = {}) {
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const std::filesystem::path &out = outputs_.path / "out", &err = outputs_.path / "err";
    for (const std::filesystem::path& file : {out, err})
      write_file(file, "");  // there even if the child is killed at once
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      constexpr int flags = O_WRONLY | O_CREAT | O_TRUNC;
      const bool ready = ::dup2(::open(out.c_str(), flags, 0600), STDOUT_FILENO) >= 0 &&
                         ::dup2(::open(err.c_str(), flags, 0600), STDERR_FILENO) >= 0 &&
                         (directory.empty() || ::chdir(directory.c_str()) == 0);
      for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
      if (ready) ::execv(argv[0], argv.data());
      ::_exit(127);
    }
  }
  ~Program() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void signal(int number) const { ::kill(pid_, number); }

  bool ended() {
    if (pid_ > 0 && ::waitpid(pid_, &status_, WNOHANG) == pid_) pid_ = 0;
    return pid_ == 0;
  }

  Outcome wait() {
    while (!ended()) {
      if (::waitpid(pid_, &status_, 0) == pid_ || errno != EINTR)
        pid_ = 0;  // a debugger that attaches to this process interrupts, too
    }
    return {WIFEXITED(status_) ? WEXITSTATUS(status_) : -WTERMSIG(status_), read_file(outputs_.path / "out"),
            read_file(outputs_.path / "err")};
  }

 private:
  TemporaryFolder outputs_;
  pid_t pid_ = -1;
  int status_ = 0;
};

template <class Condition>
bool within(std::chrono::seconds limit, Condition condition) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace banel
