// Files that survive a crash at any instant: whole-file replacement, append with sync, and a folder lock.
// Every refusal by the system is an IoError with the file, the system's own words and what to do.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace banel {

// Owns an open file descriptor; -1 means none.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor();
  int get() const { return fd_; }

 private:
  int fd_;
};

// Creates the folder and those above it that are missing. Their names are on disk when it returns: a file in
// them is only as durable as they are.
void create_folders(const std::filesystem::path& folder);

// Replaces the file as one step: "PATH.tmp" is written, synced and renamed over PATH, then the folder is
// synced. A reader, or a run resumed after a crash, sees either the old bytes or the new ones, never a
// mixture. On failure PATH.tmp is removed and the old file is intact; only if the very last step (the
// folder's sync) fails is the new file already in place. One writer per path at a time; PATH must not be a
// device or a folder.
void write_file(const std::filesystem::path& path, std::string_view bytes);

// The whole file. IoError if it is missing or unreadable, InputError if it is a folder.
std::string read_file(const std::filesystem::path& path);

// A file that only grows, such as a ledger or a log; created if missing. One writer at a time.
class AppendFile {
 public:
  // With keep_bytes, whatever lies beyond is cut off first: how a torn last line is dropped after a crash.
  // InputError if the file is shorter than keep_bytes, since then it is not the file that was measured.
  explicit AppendFile(std::filesystem::path path, std::optional<std::uint64_t> keep_bytes = std::nullopt);

  // All bytes are on disk when it returns. On failure (IoError) it tries to cut the partial bytes off again.
  void append(std::string_view bytes);

  std::uint64_t size() const { return size_; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  Descriptor file_;
  std::uint64_t size_ = 0;
};

// Holds FOLDER/.lock while it lives; a second holder, in any process, is refused with an IoError that names
// the folder. The system drops the lock when the process ends, however it ends, so no stale lock is ever
// left.
class FolderLock {
 public:
  explicit FolderLock(const std::filesystem::path& folder);

  // Nothing if another holder has it.
  static std::optional<FolderLock> if_free(const std::filesystem::path& folder);

 private:
  explicit FolderLock(Descriptor file) : file_(std::move(file)) {}
  Descriptor file_;
};

}  // namespace banel
