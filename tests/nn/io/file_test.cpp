#include "nn/io/file.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <set>
#include <thread>
#include <vector>

#include "tensor/check.h"
#include "tests/support/allocations.h"
#include "tests/support/file_size_limit.h"
#include "tests/support/temporary_folder.h"

namespace banel {
namespace {

namespace fs = std::filesystem;

template <class Error, class Call>
std::string message_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

TEST_CASE("a written file is read back byte for byte and leaves no temporary") {
  const TemporaryFolder folder;
  const fs::path path = folder.path / "a";
  std::string bytes(200'000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7);
  for (const std::string& text : {std::string("old"), bytes, std::string()}) {
    write_file(path, text);
    CHECK((read_file(path) == text));
    CHECK(folder.names() == std::set<std::string>{"a"});
  }
}

TEST_CASE("folders are created with those above them and a file in the way is named") {
  const TemporaryFolder folder;
  create_folders(folder.path / "a" / "b" / "c");
  CHECK(fs::is_directory(folder.path / "a" / "b" / "c"));
  create_folders(folder.path / "a" / "b" / "c");
  create_folders(folder.path / "a" / "d" / "");
  CHECK(fs::is_directory(folder.path / "a" / "d"));
  write_file(folder.path / "file", "x");
  for (const fs::path& path : {folder.path / "file", folder.path / "file" / "below"})
    CHECK(contains(message_of<IoError>([&] { create_folders(path); }),
                   path.string() + ": cannot create the folder: Not a directory; a part"));
}

TEST_CASE("a file without a folder in its name goes to the current folder") {
  const TemporaryFolder folder;
  const fs::path before = fs::current_path();
  fs::current_path(folder.path);
  write_file("plain", "x");
  fs::current_path(before);
  CHECK(read_file(folder.path / "plain") == "x");
}

TEST_CASE("a write that fails half-way keeps the old file and removes the temporary") {
  const TemporaryFolder folder;
  const fs::path path = folder.path / "weights";
  write_file(path, "old");
  std::string message;
  {
    const FileSizeLimit limit(1000);
    message = message_of<IoError>([&] { write_file(path, std::string(5000, 'x')); });
  }
  CHECK(contains(message, path.string() + ": cannot write: File too large; raise"));
  CHECK(read_file(path) == "old");
  CHECK(folder.names() == std::set<std::string>{"weights"});
}

TEST_CASE("a left-over temporary of a killed run does not disturb the next write") {
  const TemporaryFolder folder;
  write_file(folder.path / "a.tmp", "half of a longer, older file");
  write_file(folder.path / "a", "new");
  CHECK(read_file(folder.path / "a") == "new");
  CHECK(folder.names() == std::set<std::string>{"a"});
}

TEST_CASE("what stands at the name of the temporary and is no plain file is refused and left alone") {
  const TemporaryFolder folder;
  const fs::path path = folder.path / "a", temporary = folder.path / "a.tmp", other = folder.path / "other";
  write_file(path, "old");
  write_file(other, "precious");
  const std::vector<std::function<void()>> ways{
      [&] { fs::create_symlink(other, temporary); },
      [&] { fs::create_symlink(folder.path / "nowhere", temporary); },
      [&] { fs::create_directory(temporary); }, [&] { REQUIRE(::mkfifo(temporary.c_str(), 0600) == 0); }};
  for (const auto& put : ways) {
    put();
    const std::string message = message_of<IoError>([&] { write_file(path, "new"); });
    CHECK(contains(message, temporary.string() + ": is in the way: it is not a plain file; remove it"));
    CHECK(read_file(path) == "old");
    CHECK(read_file(other) == "precious");
    CHECK(folder.names() == std::set<std::string>{"a", "a.tmp", "other"});
    fs::remove(temporary);
  }
  fs::create_hard_link(other, temporary);
  write_file(path, "new");
  CHECK(read_file(other) == "precious");
}

TEST_CASE("a file that grows and a lock are not opened through a symbolic link") {
  const TemporaryFolder folder;
  const fs::path other = folder.path / "other";
  write_file(other, "precious");
  for (const char* name : {"ledger", ".lock"}) {
    for (const fs::path& target : {other, folder.path / "nowhere"}) {
      fs::create_symlink(target, folder.path / name);
      const std::string message = message_of<IoError>([&] {
        name == std::string("ledger") ? void(AppendFile(folder.path / name)) : void(FolderLock(folder.path));
      });
      CHECK(contains(message, (folder.path / name).string() + ": cannot open"));
      CHECK(contains(message, "remove the symbolic link"));
      CHECK(read_file(other) == "precious");
      CHECK(!fs::exists(folder.path / "nowhere"));
      fs::remove(folder.path / name);
    }
  }
}

TEST_CASE("a pipe in the place of a file that grows is an IoError and no wait") {
  const TemporaryFolder folder;
  REQUIRE(::mkfifo((folder.path / "ledger").c_str(), 0600) == 0);
  CHECK_THROWS_AS(AppendFile(folder.path / "ledger"), IoError);
}

TEST_CASE("links that lead to each other in the place of a folder are an IoError") {
  const TemporaryFolder folder;
  fs::create_symlink("loop", folder.path / "loop");
  for (const fs::path& path : {folder.path / "loop", folder.path / "loop" / "below"})
    CHECK(contains(message_of<IoError>([&] { create_folders(path); }), "cannot create the folder"));
}

TEST_CASE("no more of a file is read than was asked for") {
  const TemporaryFolder folder;
  write_file(folder.path / "a", "abcdef");
  CHECK(read_file(folder.path / "a", 4) == "abcd");
  CHECK(read_file(folder.path / "a", 6) == "abcdef");
  CHECK(read_file(folder.path / "a", 7) == "abcdef");
  CHECK(read_file("/dev/zero", 100'000).size() == 100'000);
}

TEST_CASE("writing into a missing folder or over a device or a folder is an IoError") {
  const TemporaryFolder folder;
  const std::string missing = message_of<IoError>([&] { write_file(folder.path / "no" / "a", "x"); });
  CHECK(contains(missing, "No such file or directory; check the spelling"));
  const fs::path pipe = folder.path / "pipe";  // stands for any device: a real one is not worth the risk
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK_THROWS_AS(write_file(pipe, "x"), IoError);
  CHECK(fs::is_fifo(pipe));
  CHECK_THROWS_AS(write_file(folder.path, "x"), IoError);
  CHECK(folder.names() == std::set<std::string>{"pipe"});
}

TEST_CASE("a read-only folder is an IoError and keeps the old file") {
  if (::geteuid() == 0) {
    MESSAGE("skipped: root may write into a read-only folder");
    return;
  }
  const TemporaryFolder folder;
  write_file(folder.path / "a", "old");
  fs::permissions(folder.path, fs::perms::owner_read | fs::perms::owner_exec);
  const std::string message = message_of<IoError>([&] { write_file(folder.path / "a", "new"); });
  CHECK(contains(message, "Permission denied; check the permissions"));
  CHECK_THROWS_AS(AppendFile(folder.path / "b"), IoError);
  CHECK_THROWS_AS(FolderLock{folder.path}, IoError);
  CHECK(read_file(folder.path / "a") == "old");
}

TEST_CASE("reading a missing file names it and reading a folder says so") {
  const TemporaryFolder folder;
  const fs::path path = folder.path / "missing";
  CHECK(contains(message_of<IoError>([&] { read_file(path); }),
                 path.string() + ": cannot open for reading: No such file"));
  CHECK(contains(message_of<InputError>([&] { read_file(folder.path); }), "is a folder"));
}

TEST_CASE("an append file grows and goes on where it was after it is opened again") {
  const TemporaryFolder folder;
  const fs::path path = folder.path / "ledger";
  {
    AppendFile file(path);
    CHECK(file.size() == 0);
    file.append("one\n");
    file.append("");
    file.append("two\n");
    CHECK(file.size() == 8);
    CHECK(read_file(path) == "one\ntwo\n");
  }
  AppendFile file(path);
  CHECK(file.size() == 8);
  file.append("three\n");
  CHECK(read_file(path) == "one\ntwo\nthree\n");
}

TEST_CASE("an append file drops a torn last line when opened at a given length") {
  const TemporaryFolder folder;
  const fs::path path = folder.path / "ledger";
  write_file(path, "one\ntw");
  AppendFile file(path, 4);
  CHECK(file.size() == 4);
  file.append("two\n");
  CHECK(read_file(path) == "one\ntwo\n");
}

TEST_CASE("an append file shorter than was recorded is refused and not changed") {
  const TemporaryFolder folder;
  const fs::path path = folder.path / "ledger";
  write_file(path, "one\n");
  const std::string message = message_of<InputError>([&] { AppendFile(path, 5); });
  CHECK(contains(message, "has 4 bytes where 5 were recorded"));
  CHECK(read_file(path) == "one\n");
}

TEST_CASE("appending to a full device is an IoError that says to free space") {
  AppendFile file("/dev/full");
  const std::string message = message_of<IoError>([&] { file.append("x"); });
  CHECK(message ==
        "/dev/full: cannot write: No space left on device; free some disk space and run the same command "
        "again");
}

TEST_CASE("an append that fails half-way is cut off again so that the next one follows a whole line") {
  const TemporaryFolder folder;
  const fs::path path = folder.path / "ledger";
  AppendFile file(path);
  file.append("one\n");
  {
    const FileSizeLimit limit(1000);
    CHECK_THROWS_AS(file.append(std::string(5000, 'x')), IoError);
  }
  CHECK(file.size() == 4);
  CHECK(read_file(path) == "one\n");
  file.append("two\n");
  CHECK(read_file(path) == "one\ntwo\n");
}

TEST_CASE("a locked folder is refused by name until the first lock is gone") {
  const TemporaryFolder folder;
  {
    const FolderLock lock(folder.path);
    const std::string message = message_of<IoError>([&] { FolderLock second(folder.path); });
    CHECK(contains(message, folder.path.string() + ": another process is using this folder"));
    CHECK(FolderLock::is_held(folder.path));
  }
  CHECK(!FolderLock::is_held(folder.path));
  CHECK(!FolderLock::is_held(folder.path / "missing"));
  CHECK_NOTHROW(FolderLock{folder.path});
  CHECK_THROWS_AS(FolderLock{folder.path / "missing"}, IoError);
}

TEST_CASE("a descriptor that is moved is closed once") {
  const TemporaryFolder folder;
  AppendFile first(folder.path / "a");
  AppendFile second = std::move(first);
  second.append("x");
  AppendFile third(folder.path / "b");
  third = std::move(second);
  third.append("y");
  CHECK(read_file(folder.path / "a") == "xy");
}

TEST_CASE("a pipe is read from its first writer to its last whenever they come") {
  const TemporaryFolder folder;
  const fs::path pipe = folder.path / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const std::string bytes(200'000, 'x');  // more than a pipe holds
  std::thread writer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(250));
    std::ofstream(pipe) << bytes << std::flush;
  });
  CHECK((read_file(pipe) == bytes));
  writer.join();
}

TEST_CASE("a file that says it is larger than memory is refused by name") {
  if (!Allocations::counted) return;  // a sanitizer ends a program that asks for so much
  const TemporaryFolder folder;
  const fs::path path = folder.path / "huge";
  write_file(path, "");
  fs::resize_file(path, std::uintmax_t{1} << 40);
  CHECK(message_of<InputError>([&] { read_file(path); }) ==
        path.string() + ": says it has 1099511627776 bytes, more than memory holds; restore it");
  CHECK(read_file(path, 3) == std::string(3, '\0'));
}

TEST_CASE("a device without an end is refused") {
  try {
    read_file("/dev/zero");
    FAIL("accepted");
  } catch (const InputError& error) {
    CHECK(std::string(error.what()).starts_with("/dev/zero: is not a plain file"));
  }
}

}  // namespace
}  // namespace banel
