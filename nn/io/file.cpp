#include "nn/io/file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "tensor/check.h"
#include "tensor/parallel.h"

namespace banel {
namespace fs = std::filesystem;
namespace {

const char* advice(int error) {
  switch (error) {
    case ENOENT:
      return "check the spelling, or create the folder first";
    case ENOTDIR:
      return "a part of this path is a file where a folder is needed";
    case EACCES:
    case EPERM:
      return "check the permissions of the file and its folder, or choose another folder";
    case EROFS:
      return "the file system is read-only: choose another folder";
    case ENOSPC:
    case EDQUOT:
      return "free some disk space and run the same command again";
    case EFBIG:
      return "raise the file size limit (ulimit -f) and run the same command again";
    case ELOOP:
      return "remove the symbolic link that stands there, or name the place that it leads to";
    case ENAMETOOLONG:
      return "choose a shorter name";
    case ENOSYS:
    case EOPNOTSUPP:
    case ENOLCK:
      return "this file system cannot lock files: choose a folder on a local disk";
    case EMFILE:
    case ENFILE:
      return "raise the limit of open files (ulimit -n)";
    default:
      return "check the disk and run the same command again";
  }
}

[[noreturn]] void refuse(const fs::path& path, const char* action, int error) {
  throw IoError(path.string() + ": cannot " + action + ": " + std::generic_category().message(error) + "; " +
                advice(error));
}

// Repeats a system call that a signal interrupted: Ctrl-C sets a flag and must not break off a write.
template <class Call>
auto uninterrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

// Waits for what a pipe or a device has to say, but not long, so that the caller can look whether it is to
// stop: a signal wakes the main thread only. Whether there is something, be it the end.
bool wait_a_little(int fd) {
  constexpr int milliseconds = 100;
  pollfd what{fd, POLLIN, 0};
  return ::poll(&what, 1, milliseconds) > 0;
}

Descriptor open_file(const fs::path& path, int flags, const char* action) {
  constexpr mode_t everyone = 0666;  // less the user's umask
  const int fd = uninterrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC, everyone); });
  if (fd < 0) refuse(path, action, errno);
  return Descriptor(fd);
}

// The system may write a part only, without an error.
void write_all(int fd, std::string_view bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const auto written = uninterrupted([&] { return ::write(fd, bytes.data(), bytes.size()); });
    if (written < 0) refuse(path, "write", errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

// A new name in a folder survives a power cut only after a sync of the folder.
void sync_folder_of(const fs::path& path) {
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const Descriptor opened = open_file(folder, O_RDONLY | O_DIRECTORY, "open the folder");
  const bool synced = uninterrupted([&] { return ::fsync(opened.get()); }) == 0;
  const bool cannot_sync_folders = errno == EINVAL || errno == ENOTSUP;  // some network file systems
  if (!synced && !cannot_sync_folders) refuse(folder, "sync the folder", errno);
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

void create_folders(const fs::path& folder) {
  std::error_code unknown;  // mkdir then says why
  if (folder.empty() || fs::is_directory(folder, unknown)) return;
  if (!fs::exists(folder.parent_path(), unknown)) create_folders(folder.parent_path());
  constexpr mode_t everyone = 0777;  // less the user's umask
  const int error = ::mkdir(folder.c_str(), everyone) == 0 ? 0 : errno;
  if (error == EEXIST && fs::is_directory(folder, unknown)) return;  // another thread was quicker
  if (error) refuse(folder, "create the folder", error == EEXIST ? ENOTDIR : error);
  sync_folder_of(folder);
}

void write_file(const fs::path& path, std::string_view bytes) {
  struct stat old {};
  const bool exists = ::stat(path.c_str(), &old) == 0;
  ENSURE_AS(!exists || S_ISREG(old.st_mode), IoError, path.string(),
            "cannot write: it exists and is not a plain file; choose another name");
  fs::path temporary = path;
  temporary += ".tmp";
  // A left-over of a killed process goes. Anything else, such as a link to a file of somebody else, stays.
  if (::lstat(temporary.c_str(), &old) == 0) {
    ENSURE_AS(S_ISREG(old.st_mode), IoError, temporary.string(),
              "is in the way: it is not a plain file; remove it, or choose another folder");
    ::unlink(temporary.c_str());
  }
  const Descriptor file = open_file(temporary, O_WRONLY | O_CREAT | O_EXCL, "create");
  try {
    write_all(file.get(), bytes, path);
    if (uninterrupted([&] { return ::fsync(file.get()); }) != 0) refuse(path, "sync", errno);
    if (::rename(temporary.c_str(), path.c_str()) != 0) refuse(path, "replace", errno);
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
  sync_folder_of(path);
}

InputFile::InputFile(fs::path path)
    : path_(std::move(path)),
      // Otherwise a pipe without a writer would wait here.
      file_(open_file(path_, O_RDONLY | O_NONBLOCK, "open for reading")) {
  struct stat status {};
  if (::fstat(file_.get(), &status) != 0) refuse(path_, "read", errno);
  ENSURE_AS(!S_ISDIR(status.st_mode), InputError, path_.string(), "is a folder; name a file in it");
  plain_ = S_ISREG(status.st_mode);
  size_ = static_cast<std::size_t>(status.st_size);
}

std::string_view InputFile::next(std::size_t most) {
  constexpr std::size_t block = 1 << 16, most_of_a_stream = 1 << 22;  // a device may never end
  block_.resize(std::min(block, most));
  for (;;) {
    while (!plain_ && !wait_a_little(file_.get())) check_stop();
    const auto got = uninterrupted([&] { return ::read(file_.get(), block_.data(), block_.size()); });
    if (got < 0 && errno == EAGAIN && !plain_) continue;  // another reader was quicker
    if (got < 0) refuse(path_, "read", errno);
    ENSURE_AS(plain_ || got == 0 || read_ < most_of_a_stream, InputError, path_.string(),
              "is not a plain file and has more than 4 MiB; name a plain file");
    read_ += static_cast<std::size_t>(got);
    return std::string_view(block_).substr(0, static_cast<std::size_t>(got));
  }
}

void InputFile::refuse_size() const {
  throw InputError(path_.string() + ": says it has " + std::to_string(size_) +
                   " bytes, more than memory holds; restore it");
}

std::string read_file(const fs::path& path, std::size_t most) {
  InputFile file(path);
  std::string bytes;
  file.make_room(bytes, std::min(most, file.size()));
  while (bytes.size() < most) {
    const std::string_view more = file.next(most - bytes.size());
    if (more.empty()) break;
    bytes += more;
  }
  return bytes;
}

AppendFile::AppendFile(fs::path path, std::optional<std::uint64_t> keep_bytes)
    : path_(std::move(path)),
      // A link may lead to a file of somebody else; a pipe without a reader would wait for ever.
      file_(open_file(path_, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK, "open for appending")) {
  struct stat status {};
  if (::fstat(file_.get(), &status) != 0) refuse(path_, "read the size", errno);
  size_ = static_cast<std::uint64_t>(status.st_size);
  if (keep_bytes) {
    ENSURE_AS(*keep_bytes <= size_, InputError, path_.string(),
              "has " << size_ << " bytes where " << *keep_bytes
                     << " were recorded: it was cut or replaced; restore it or start a new run");
    size_ = *keep_bytes;
    if (::ftruncate(file_.get(), static_cast<off_t>(size_)) != 0) refuse(path_, "shorten", errno);
    if (uninterrupted([&] { return ::fsync(file_.get()); }) != 0) refuse(path_, "sync", errno);
  }
  sync_folder_of(path_);
}

void AppendFile::append(std::string_view bytes) {
  try {
    write_all(file_.get(), bytes, path_);
    if (uninterrupted([&] { return ::fdatasync(file_.get()); }) != 0) refuse(path_, "sync", errno);
  } catch (...) {
    // Otherwise a later record would follow half of this one. If this fails, too, a reader finds a torn line.
    [[maybe_unused]] const int result = ::ftruncate(file_.get(), static_cast<off_t>(size_));
    throw;
  }
  size_ += bytes.size();
}

std::optional<FolderLock> FolderLock::if_free(const fs::path& folder) {
  // The lock file stays behind on purpose: removing it could take it from under a process that just opened
  // it.
  Descriptor file = open_file(folder / ".lock", O_RDWR | O_CREAT | O_NOFOLLOW, "open the lock file");
  const bool locked = uninterrupted([&] { return ::flock(file.get(), LOCK_EX | LOCK_NB); }) == 0;
  if (!locked && errno != EWOULDBLOCK) refuse(folder, "lock the folder", errno);
  if (!locked) return {};
  return FolderLock(std::move(file));
}

FolderLock FolderLock::when_free(const fs::path& folder) {
  for (;;) {
    if (std::optional<FolderLock> lock = if_free(folder)) return std::move(*lock);
    check_stop();
    ::usleep(300'000);
  }
}

bool FolderLock::is_held(const fs::path& folder) {
  const Descriptor file(::open((folder / ".lock").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  return file.get() >= 0 && ::flock(file.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

FolderLock::FolderLock(const fs::path& folder) {
  std::optional<FolderLock> lock = if_free(folder);
  ENSURE_AS(lock, IoError, folder.string(),
            "another process is using this folder; wait for it to end, or choose another folder");
  file_ = std::move(lock->file_);
}

}  // namespace banel
