// Files that survive a crash at any instant: replacing a whole file, appending with sync, locking a folder.
//
//   create_folders("runs/one");
//   const FolderLock lock("runs/one");
//   write_file("runs/one/config.json", text);
//   AppendFile log("runs/one/log.jsonl");
//   log.append("{}\n");  // on disk when it returns
//
// Errors: if the system refuses, IoError with the file, the system's words and what to do.
#pragma once
#include <cstdint>
#include <filesystem>
#include <limits>
#include <new>
#include <optional>
#include <stdexcept>
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

// Creates the folder and the missing ones above it. All are on disk when it returns, for a file in a folder
// is only as durable as the folder.
void create_folders(const std::filesystem::path& folder);

// Replaces a file in one step: PATH.tmp is written, synced and renamed to PATH, then the folder is synced.
// Whoever reads PATH, even after a crash, sees the old bytes or the new ones, never a mixture. After an error
// PATH.tmp is gone and PATH holds the old bytes; only if the last step failed, the sync of the folder, it
// holds the new ones. Precondition: one writer of a path at a time. IoError if PATH is a folder or a device,
// or PATH.tmp is anything but a plain file; a symbolic link at PATH is replaced and what it leads to stays.
void write_file(const std::filesystem::path& path, std::string_view bytes);

// A file that is read a block at a time, so that a large one need not be in memory as a whole. IoError if it
// is missing or cannot be read, InputError if it is a folder, or a pipe or a device with more than 4 MiB;
// Interrupted (tensor/parallel.h) while it waits for a pipe.
class InputFile {
 public:
  explicit InputFile(std::filesystem::path path);

  // The next bytes, at most `most` of them, until the next call; empty at the end, which may lie beyond
  // size(): pipes and /proc do not tell their size.
  std::string_view next(std::size_t most = std::numeric_limits<std::size_t>::max());
  std::size_t size() const { return size_; }

  // items.reserve(n), for a file whose size asks for it. InputError if that is more than there is.
  template <class Items>
  void make_room(Items& items, std::size_t n) const {
    try {
      items.reserve(n);
    } catch (const std::bad_alloc&) {
      refuse_size();
    } catch (const std::length_error&) {
      refuse_size();
    }
  }

 private:
  [[noreturn]] void refuse_size() const;

  std::filesystem::path path_;
  Descriptor file_;
  bool plain_ = true;
  std::size_t size_ = 0, read_ = 0;
  std::string block_;
};

// The first `most` bytes of the file. Errors: as InputFile.
std::string read_file(const std::filesystem::path& path,
                      std::size_t most = std::numeric_limits<std::size_t>::max());

// A file that only grows, such as a ledger or a log. It is created if it is missing. One writer at a time.
// IoError if it is a symbolic link.
class AppendFile {
 public:
  // With keep_bytes the file is first cut to this length: so a torn last line goes after a crash. InputError
  // if the file is shorter, because then it is not the one that was measured.
  explicit AppendFile(std::filesystem::path path, std::optional<std::uint64_t> keep_bytes = std::nullopt);

  // All bytes are on disk when it returns. After an error (IoError) it tries to remove those it had written.
  void append(std::string_view bytes);

  std::uint64_t size() const { return size_; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  Descriptor file_;
  std::uint64_t size_ = 0;
};

// Holds a lock on FOLDER/.lock while it lives. A second holder, in any process, gets an IoError that names
// the folder. The system releases the lock when the process ends in any way, so no stale lock is left.
class FolderLock {
 public:
  explicit FolderLock(const std::filesystem::path& folder);

  // Nothing if another holder has it.
  static std::optional<FolderLock> if_free(const std::filesystem::path& folder);

  // Waits as long as another holder has it. Errors: Interrupted (tensor/parallel.h).
  static FolderLock when_free(const std::filesystem::path& folder);

  // Whether somebody holds it now; writes nothing, so that it may be asked of a folder that is only read.
  static bool is_held(const std::filesystem::path& folder);

 private:
  explicit FolderLock(Descriptor file) : file_(std::move(file)) {}
  Descriptor file_;
};

}  // namespace banel
