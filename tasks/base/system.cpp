#include "tasks/base/system.h"

#include <fcntl.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <pthread.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <system_error>
#include <thread>
#include <utility>

#include "tasks/base/words.h"
#include "tensor/blas.h"
#include "tensor/check.h"
#include "tensor/parallel.h"

namespace banel {

namespace {

std::string cpu_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  utsname system{};  // arm64 has no such line
  return ::uname(&system) == 0 ? system.machine : "unknown";
}

}  // namespace

Json system_info() {
  const BlasInfo blas = blas_info();
  return {
      {"banel", BANEL_VERSION},
      {"compiler", __VERSION__},
      {"build", BANEL_BUILD},
      {"cpu", cpu_name()},
      {"cores", std::thread::hardware_concurrency()},
      {"threads", threads()},
      {"blas_library", blas.library},
      {"blas_kernels", blas.core},
      {"blas_kernels_chosen_by",
       blas.core_chosen_here ? "banel, for this CPU" : "OPENBLAS_CORETYPE or the library"},
      {"blas_config", blas.config},
      {"blas_products", blas.serial ? "one at a time, since this library is not made for threads; install "
                                      "the package libopenblas0-pthread"
                                    : "side by side"},
      {"same_bits", "for every run and number of threads with the " + blas.core +
                        " kernels of this library; other kernels, libraries or CPU families may round "
                        "differently"}};
}

namespace {

volatile std::sig_atomic_t stop_requested = 0;

void on_signal(int number) {
  if (stop_requested && number != SIGXCPU) _exit(130);  // the system repeats SIGXCPU every second
  stop_requested = 1;
  request_stop();
}

void set_signal_handlers() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGXCPU, &action, nullptr);
  struct sigaction before {};
  sigaction(SIGHUP, nullptr, &before);
  if (before.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, nullptr);
  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, nullptr);
  sigaction(SIGXFSZ, &action, nullptr);
}

// open() returns the lowest free number. A closed stdout is opened for reading, so that a write to it fails.
void open_closed_descriptors() {
  for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) != -1) continue;
    const int opened = ::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    ENSURE_AS(
        opened == fd, IoError, "/dev/null",
        "cannot stand in for the closed descriptor " << fd << "; start the program with 0, 1 and 2 open");
  }
}

std::string stdout_error(int error) {
  return "stdout: cannot write: " + std::generic_category().message(error) +
         "; the output is incomplete: free space or send it elsewhere, and run the command again";
}

// Text that is still in a buffer fails here and not unseen after main.
void flush_stdout() {
  std::cout.flush();
  if (std::fflush(stdout) == 0 && !std::ferror(stdout)) return;
  if (errno == EINTR) throw Interrupted();  // it waited for its reader
  throw IoError(stdout_error(errno));
}

// Prints one line for the exception in flight and returns its exit code.
int report() {
  const int error = errno;
  std::cout.exceptions(std::ios::goodbit);  // std::cerr flushes std::cout, which may not throw from here
  const auto fail = [](int code, std::string_view text) {
    // A path in it may have any character; without memory nothing may be copied.
    if (has_control_characters(text))
      std::cerr << "banel: " << one_line(text) << '\n';
    else
      std::cerr << "banel: " << text << '\n';
    return code;
  };
  const auto interrupted = [&] {
    return fail(130, "interrupted; the same command goes on where it stopped");
  };
  try {
    throw;
  } catch (const Interrupted&) {
    return interrupted();
  } catch (const UsageError& usage) {
    return fail(2, usage.what());
  } catch (const InputError& input) {
    return fail(3, input.what());
  } catch (const IoError& io) {
    return fail(4, io.what());
  } catch (const std::filesystem::filesystem_error& file) {
    const std::string path = file.path1().string();
    return fail(4, (path.empty() ? "file system" : path) + ": cannot be used: " + file.code().message() +
                       "; check its name, its permissions and its symbolic links");
  } catch (const std::ios_base::failure&) {  // only std::cout throws it: see run_program
    return error == EINTR ? interrupted() : fail(4, stdout_error(error));
  } catch (const VerificationError& verification) {
    return fail(5, verification.what());
  } catch (const BudgetError& budget) {
    return fail(6, budget.what());
  } catch (const ShortfallError& shortfall) {
    return fail(7, shortfall.what());
  } catch (const std::bad_alloc&) {
    return fail(
        1, "out of memory; free some or use fewer --threads, and the same command goes on where it stopped");
  } catch (const std::exception& other) {
    return fail(1, other.what());
  }
}

// The heap keeps freed memory for the next allocation. To ask the system for caches and activations each time
// takes up to a third of the time of sampling a few hundred strings.
void keep_freed_memory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
#endif
}

// run_program on a stack that is large enough.
int guarded(const std::function<int()>& program) {
  try {
    open_closed_descriptors();
    set_signal_handlers();
    std::cout.exceptions(std::ios::badbit);  // no computing for a reader that has gone
    const int code = program();
    if (code == 0) flush_stdout();
    return code;
  } catch (const std::exception&) {
    return report();
  }
}

}  // namespace

int run_program(const std::function<int()>& program) {
  keep_freed_memory();
  // An exception that cannot leave a function, such as one in a destructor, ends the program like a kill;
  // every file survives that.
  std::set_terminate([] { std::_Exit(std::current_exception() ? report() : 1); });
  constexpr std::size_t enough = 1 << 20, usual = 8 << 20;
  rlimit limit{};
  if (::getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur >= enough) return guarded(program);
  // Under a small limit (ulimit -s) all of it runs on a thread, whose stack can be as large as it needs.
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes, usual);
#ifdef __GLIBC__
  ::pthread_setattr_default_np(&attributes);  // for the threads of parallel_for
#endif
  std::pair<const std::function<int()>&, int> call{program, 0};
  const auto run = [](void* data) -> void* {
    auto& [of, code] = *static_cast<decltype(call)*>(data);
    return code = guarded(of), nullptr;
  };
  pthread_t thread{};
  const bool started = ::pthread_create(&thread, &attributes, run, &call) == 0;
  ::pthread_attr_destroy(&attributes);
  if (!started) return guarded(program);
  ::pthread_join(thread, nullptr);
  return call.second;
}

}  // namespace banel
