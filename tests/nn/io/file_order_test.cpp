// The order of the system calls behind the files of nn/file.h. The linker sends the calls of this program
// through the functions here (option --wrap in tests/CMakeLists.txt).
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <string>
#include <vector>

#include "nn/io/file.h"
#include "tensor/check.h"
#include "tests/support/temporary_folder.h"

namespace {

bool recording = false;
std::vector<std::string> steps;
int error_of_flock = 0;

void record(const std::string& call, const std::filesystem::path& path) {
  if (!recording) return;
  const std::string step = call + " " + path.filename().string();
  if (steps.empty() || steps.back() != step || call != "write")
    steps.push_back(step);  // a long text takes several writes
}

std::filesystem::path path_of(int file) {
  return std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(file));
}

}  // namespace

extern "C" {
int __real_open(const char*, int, ...);
ssize_t __real_write(int, const void*, std::size_t);
int __real_fsync(int);
int __real_fdatasync(int);
int __real_rename(const char*, const char*);
int __real_ftruncate(int, off_t);
int __real_flock(int, int);

int __wrap_open(const char* path, int flags, ...) {
  std::va_list rest;
  va_start(rest, flags);
  const int mode = flags & O_CREAT ? va_arg(rest, int) : 0;
  va_end(rest);
  record(flags & O_CREAT ? "create" : "open", path);
  return __real_open(path, flags, mode);
}
ssize_t __wrap_write(int file, const void* bytes, std::size_t size) {
  record("write", path_of(file));
  return __real_write(file, bytes, size);
}
int __wrap_fsync(int file) {
  record("sync", path_of(file));
  return __real_fsync(file);
}
int __wrap_fdatasync(int file) {
  record("sync", path_of(file));
  return __real_fdatasync(file);
}
int __wrap_rename(const char* from, const char* to) {
  record("rename " + std::filesystem::path(from).filename().string() + " to", to);
  return __real_rename(from, to);
}
int __wrap_ftruncate(int file, off_t size) {
  record("cut", path_of(file));
  return __real_ftruncate(file, size);
}
int __wrap_flock(int file, int operation) {
  if (error_of_flock == 0) return __real_flock(file, operation);
  errno = error_of_flock;
  return -1;
}
}

namespace banel {
namespace {

template <class Call>
std::vector<std::string> steps_of(Call call) {
  steps.clear();
  recording = true;
  call();
  recording = false;
  return steps;
}

TEST_CASE(
    "a file is replaced in this order: create the temporary and write it and sync it and rename it and sync "
    "the folder") {
  const TemporaryFolder folder;
  const std::string name = folder.path.filename().string();
  const std::vector<std::string> expected{"create a.tmp",      "write a.tmp",  "sync a.tmp",
                                          "rename a.tmp to a", "open " + name, "sync " + name};
  for (const std::string& text : {std::string("new"), std::string(10'000'000, 'x')})
    CHECK(steps_of([&] { write_file(folder.path / "a", text); }) == expected);
  CHECK(steps_of([&] { write_file(folder.path / "a.b", ""); }).front() == "create a.b.tmp");
}

TEST_CASE(
    "the name of an append file is on disk before its first bytes and these are before append returns") {
  const TemporaryFolder folder;
  const std::string name = folder.path.filename().string();
  const auto found = steps_of([&] { AppendFile(folder.path / "log").append("line\n"); });
  CHECK(found ==
        std::vector<std::string>{"create log", "open " + name, "sync " + name, "write log", "sync log"});
}

TEST_CASE("what is cut off an append file is gone from the disk before anything follows") {
  const TemporaryFolder folder;
  const std::string name = folder.path.filename().string();
  write_file(folder.path / "log", "line\nhalf");
  const auto found = steps_of([&] { AppendFile(folder.path / "log", 5); });
  CHECK(found ==
        std::vector<std::string>{"create log", "cut log", "sync log", "open " + name, "sync " + name});
}

TEST_CASE("where the file system cannot lock files a lock says so and how to go on") {
  const TemporaryFolder folder;
  for (const int error : {ENOSYS, EOPNOTSUPP, ENOLCK}) {
    error_of_flock = error;
    CHECK_THROWS_WITH_AS(
        FolderLock(folder.path),
        doctest::Contains("; this file system cannot lock files: choose a folder on a local disk"), IoError);
  }
  error_of_flock = 0;
  CHECK_NOTHROW(FolderLock(folder.path));
}

}  // namespace
}  // namespace banel
