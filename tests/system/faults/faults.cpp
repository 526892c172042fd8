// For LD_PRELOAD: counts the steps by which a program changes files (creating opens, opens of folders,
// writes, syncs, renames, cuts, removals) and its allocations, and makes one of them fatal. FAULTS=KIND:N, N
// from 1, with the kinds
//   kill-before, kill-half, kill-after   SIGKILL before or after step N, or after half of it if it is a write
//   power-cut                            SIGKILL after step N, and whatever was not synced is undone on disk
//   ENOSPC, EIO, EROFS                   step N and all later ones fail; a full disk still cuts, renames and
//                                        removes, and takes half of the write that fills it
//   EIO-once                             step N fails, later ones do not
//   no-memory, no-memory-once            allocation N of operator new and all later ones fail, or N only
//   no-openblas                          OpenBLAS is not installed
//   count                                nothing fails; FAULTS_COUNT gets the counts of steps and allocations
// Both are counted from the beginning of main. The clock stands still, so that files with times can be
// compared byte for byte.
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <new>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

struct Plan {
  std::string_view kind;
  long at = 0;
};

const Plan& plan() {
  static const Plan read = [] {
    const char* text = std::getenv("FAULTS");
    const char* colon = text ? std::strchr(text, ':') : nullptr;
    return colon ? Plan{{text, static_cast<std::size_t>(colon - text)}, std::atol(colon + 1)} : Plan{};
  }();
  return read;
}

template <class Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

[[noreturn]] void die() {
  ::kill(::getpid(), SIGKILL);
  for (;;) ::pause();
}

// What a power cut would undo: bytes, names and renames that were not synced.
class Disk {
 public:
  void opened(int fd, const char* path, int flags, bool existed) {
    paths_[fd] = path;
    if (flags & O_DIRECTORY) return;
    struct stat status {};
    ::fstat(fd, &status);
    if (!existed) names_.insert(path);
    synced_[path] = status.st_size;
  }
  void made(const char* folder) { names_.insert(folder); }
  void synced(int fd) {
    struct stat status {};
    const auto found = paths_.find(fd);
    if (found == paths_.end() || ::fstat(fd, &status) != 0) return;
    if (!S_ISDIR(status.st_mode)) {
      synced_[found->second] = status.st_size;
      return;
    }
    const auto inside = [&](const std::string& path) {
      const fs::path parent = fs::path(path).parent_path();
      return (parent.empty() ? fs::path(".") : parent) == found->second;
    };
    std::erase_if(names_, inside);
    std::erase_if(renames_, [&](const Rename& r) { return inside(r.to); });
  }
  void cut(int fd, off_t size) {
    if (const auto found = paths_.find(fd); found != paths_.end())
      synced_[found->second] = std::min(synced_[found->second], size);
  }
  void will_rename(const char* from, const char* to) {
    std::optional<std::string> old;
    if (fs::exists(to)) old = (std::ostringstream() << std::ifstream(to, std::ios::binary).rdbuf()).str();
    renames_.push_back({to, old});
    names_.erase(from);
    synced_[to] = synced_[from];
    synced_.erase(from);
    for (auto& [fd, path] : paths_)
      if (path == from) path = to;
  }
  void lose_what_is_not_synced() const {
    for (const auto& [path, size] : synced_)
      if (std::error_code error; fs::file_size(path, error) > static_cast<std::uintmax_t>(size) && !error)
        fs::resize_file(path, static_cast<std::uintmax_t>(size));
    for (auto r = renames_.rbegin(); r != renames_.rend(); ++r)
      if (r->old)
        std::ofstream(r->to, std::ios::binary) << *r->old;
      else
        fs::remove(r->to);
    for (const std::string& name : names_) fs::remove_all(name);
  }

 private:
  struct Rename {
    std::string to;
    std::optional<std::string> old;
  };
  std::map<int, std::string> paths_;
  std::map<std::string, off_t> synced_;
  std::set<std::string> names_;
  std::vector<Rename> renames_;
};

Disk& disk() {
  static Disk* const kept = new Disk;  // never destroyed: the program writes to its end
  return *kept;
}
std::mutex disk_mutex;
std::atomic<bool> in_main = false;
thread_local bool own_work = false;  // this library's own calls and allocations are no steps
std::atomic<long> steps = 0, allocations = 0;

struct OwnWork {
  OwnWork() { own_work = true; }
  ~OwnWork() { own_work = false; }
};

// The system call `call` as step N of the program; `remember` tells the disk of its success.
template <class Call, class Remember>
auto step(bool needs_space, Call call, Remember remember) -> decltype(call()) {
  if (own_work || !in_main) return call();
  const auto& [kind, at] = plan();
  const long n = ++steps;
  if (n == at && kind == "kill-before") die();
  const int error = kind == "ENOSPC" && needs_space && n >= at ? ENOSPC
                    : kind == "EIO" && n >= at                 ? EIO
                    : kind == "EROFS" && n >= at               ? EROFS
                    : kind == "EIO-once" && n == at            ? EIO
                                                               : 0;
  if (error) {
    errno = error;
    return -1;
  }
  std::unique_lock lock(disk_mutex, std::defer_lock);
  if (kind == "power-cut") lock.lock();  // no thread writes on while the disk loses what it has
  const auto result = call();
  const int error_of_call = errno;
  if (kind == "power-cut") {
    const OwnWork own;
    if (result >= 0) remember(result);
    if (n == at) disk().lose_what_is_not_synced();
  }
  if (n == at && (kind == "kill-after" || kind == "kill-half" || kind == "power-cut")) die();
  errno = error_of_call;
  return result;
}

constexpr auto nothing = [](auto) {};

int (*program_main)(int, char**, char**) = nullptr;

int counted_main(int argc, char** argv, char** environment) {
  in_main = true;
  return program_main(argc, argv, environment);
}

[[gnu::destructor]] void report() {
  if (plan().kind != "count") return;
  in_main = false;
  std::ofstream(std::getenv("FAULTS_COUNT")) << steps << ' ' << allocations << '\n';
}

int open_step(const char* name, const char* path, int flags, mode_t mode) {
  const auto real = next<int (*)(const char*, int, ...)>(name);
  const bool writes = (flags & (O_WRONLY | O_RDWR)) != 0;
  if (!writes && !(flags & O_DIRECTORY)) return real(path, flags, mode);
  struct stat status {};
  const bool existed = ::stat(path, &status) == 0;
  return step((flags & O_CREAT) && !existed, [&] { return real(path, flags, mode); },
              [&](int fd) { disk().opened(fd, path, flags, existed); });
}

void* allocate(std::size_t bytes) {
  if (in_main && !own_work) {
    const long n = ++allocations, at = plan().at;
    if ((n == at && plan().kind == "no-memory-once") || (n >= at && plan().kind == "no-memory"))
      throw std::bad_alloc();
  }
  if (void* memory = std::malloc(bytes ? bytes : 1)) return memory;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t bytes) { return allocate(bytes); }

extern "C" {

int __libc_start_main(int (*main)(int, char**, char**), int argc, char** argv, void (*init)(), void (*fini)(),
                      void (*loader_fini)(), void* stack_end) {
  program_main = main;
  return next<decltype(&__libc_start_main)>("__libc_start_main")(counted_main, argc, argv, init, fini,
                                                                 loader_fini, stack_end);
}

int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return open_step("open", path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return open_step("open64", path, flags, mode);
}

ssize_t write(int fd, const void* bytes, size_t count) {
  static const auto real = next<ssize_t (*)(int, const void*, size_t)>("write");
  if (fd <= STDERR_FILENO) return real(fd, bytes, count);
  // The last bytes that a killed program or a filling disk takes; the write after a short one is the step
  // that fails.
  const bool half =
      steps + 1 == plan().at && (plan().kind == "kill-half" || plan().kind == "ENOSPC") && count > 1;
  if (half && plan().kind == "ENOSPC") {
    ++steps;
    return real(fd, bytes, count / 2);
  }
  return step(
      true, [&] { return real(fd, bytes, half ? count / 2 : count); }, nothing);
}

int fsync(int fd) {
  static const auto real = next<int (*)(int)>("fsync");
  return step(
      true, [&] { return real(fd); }, [&](int) { disk().synced(fd); });
}

int fdatasync(int fd) {
  static const auto real = next<int (*)(int)>("fdatasync");
  return step(
      true, [&] { return real(fd); }, [&](int) { disk().synced(fd); });
}

int ftruncate(int fd, off_t size) noexcept {
  static const auto real = next<int (*)(int, off_t)>("ftruncate");
  return step(
      false, [&] { return real(fd, size); }, [&](int) { disk().cut(fd, size); });
}

int rename(const char* from, const char* to) noexcept {
  static const auto real = next<int (*)(const char*, const char*)>("rename");
  return step(
      false,
      [&] {
        if (plan().kind == "power-cut") {
          const OwnWork own;
          disk().will_rename(from, to);
        }
        return real(from, to);
      },
      nothing);
}

int mkdir(const char* folder, mode_t mode) noexcept {
  static const auto real = next<int (*)(const char*, mode_t)>("mkdir");
  return step(
      true, [&] { return real(folder, mode); }, [&](int) { disk().made(folder); });
}

int unlink(const char* path) noexcept {
  static const auto real = next<int (*)(const char*)>("unlink");
  return step(
      false, [&] { return real(path); }, nothing);
}

int remove(const char* path) noexcept {
  static const auto real = next<int (*)(const char*)>("remove");
  return step(
      false, [&] { return real(path); }, nothing);
}

void* dlopen(const char* file, int mode) noexcept {
  static const auto real = next<void* (*)(const char*, int)>("dlopen");
  const bool missing = plan().kind == "no-openblas" && file && std::strstr(file, "openblas");
  return real(missing ? "libopenblas-is-not-installed.so" : file, mode);
}

int clock_gettime(clockid_t, struct timespec* time) noexcept {
  *time = {0, 0};
  return 0;
}

}  // extern "C"
