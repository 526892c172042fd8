#include "tasks/base/progress.h"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tasks/base/text.h"

namespace banel {
namespace {

using Seconds = std::chrono::duration<double>;

// Records what is written and has a clock that only the test moves.
struct FakeDevice {
  std::vector<std::string> written;
  double time = 100;
  std::size_t width = 80;

  ProgressDevice device() {
    return {[this](std::string_view text) { written.emplace_back(text); }, [this] { return Seconds(time); },
            [this] { return width; }};
  }
};

TEST_CASE("progress without a terminal writes a line at most every 30 s and a last one") {
  FakeDevice fake;
  {
    Progress progress("attack", 960, ProgressMode::plain, fake.device());
    for (int i = 1; i <= 768; ++i) {
      fake.time += 0.125;
      progress.update(i, "evaluations left " + grouped(7500 - i));
    }
  }
  REQUIRE(fake.written.size() == 4);  // at 30 s, 60 s and 90 s, and at the end
  CHECK(fake.written[0] == "attack  25%  elapsed 0:30  ETA 1:30  evaluations left 7,260\n");
  CHECK(fake.written[3] == "attack  80%  elapsed 1:36  ETA 0:24  evaluations left 6,732\n");
}

TEST_CASE("progress on a terminal redraws one line at most 10 times a second") {
  FakeDevice fake;
  {
    Progress progress("fit", 1000, ProgressMode::terminal, fake.device());
    for (int i = 1; i <= 1000; ++i) {
      fake.time += 0.001;
      progress.update(i);
    }
  }
  CHECK(fake.written.size() >= 9);
  CHECK(fake.written.size() <= 12);
  for (const std::string& text : fake.written) CHECK(text.starts_with("\r"));
  CHECK(fake.written.front() == "\rfit  [....................]  0%  elapsed 0:00\x1b[K");
  CHECK(fake.written.back() == "\rfit  [####################]  100%  elapsed 0:01\x1b[K\n");
}

TEST_CASE("a progress line is cut to the width of the terminal and never inside a character") {
  FakeDevice fake;
  fake.width = 8;
  { Progress progress("abcdef\xC3\xA9xyz", 1, ProgressMode::terminal, fake.device()); }
  CHECK(fake.written.front() == "\rabcdef\x1b[K");  // the 7th byte would be half of a character
  { Progress progress("abcde\xE2\x82\xACxyz", 1, ProgressMode::terminal, fake.device()); }
  CHECK(fake.written[fake.written.size() - 2] == "\rabcde\x1b[K");  // two thirds of one
}

TEST_CASE("progress shows 100% only at the end") {
  FakeDevice fake;
  Progress progress("fit", 9'000'000'000'000'000'000, ProgressMode::terminal, fake.device());
  fake.time += 1;
  progress.update(8'999'999'999'999'999'999);
  CHECK(fake.written.back().find("  99%") != std::string::npos);
  progress.advance();
  progress.finish();
  CHECK(fake.written.back().find("  100%") != std::string::npos);
}

TEST_CASE("the ETA of a resumed job counts only the speed of this run") {
  FakeDevice fake;
  Progress progress("fit", 100, ProgressMode::plain, fake.device());
  progress.resume(30);
  progress.resume(20);  // of a second part of the job
  fake.time += 30;
  progress.update(60);
  REQUIRE(fake.written.size() == 1);
  CHECK(fake.written[0] == "fit  60%  elapsed 0:30  ETA 2:00\n");
}

TEST_CASE("progress ignores late reports and whatever follows the end") {
  FakeDevice fake;
  Progress progress("fit", 10, ProgressMode::plain, fake.device());
  fake.time += 8;
  progress.update(5, "new");
  progress.update(3, "old");
  progress.finish();
  fake.time += 100;
  progress.advance();
  progress.finish();
  REQUIRE(fake.written.size() == 1);
  CHECK(fake.written[0] == "fit  50%  elapsed 0:08  ETA 0:08  new\n");
}

TEST_CASE("a job without steps is complete") {
  FakeDevice fake;
  { Progress progress("nothing", 0, ProgressMode::plain, fake.device()); }
  REQUIRE(fake.written.size() == 1);
  CHECK(fake.written[0] == "nothing  100%  elapsed 0:00\n");
}

TEST_CASE("quiet progress writes nothing") {
  FakeDevice fake;
  {
    Progress progress("fit", 10, ProgressMode::quiet, fake.device());
    fake.time += 1000;
    progress.update(5);
  }
  CHECK(fake.written.empty());
  CHECK(progress_mode(true) == ProgressMode::quiet);
}

TEST_CASE("progress counts every step that four threads report") {
  FakeDevice fake;
  {
    Progress progress("sample", 40'000, ProgressMode::plain, fake.device());
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < 10'000; ++i) progress.advance();
      });
    for (std::thread& thread : threads) thread.join();
  }
  REQUIRE(fake.written.size() == 1);
  CHECK(fake.written[0].starts_with("sample  100%"));
}

TEST_CASE("a device that fails never ends the job") {
  FakeDevice fake;
  ProgressDevice broken = fake.device();
  broken.write = [](std::string_view) { throw std::runtime_error("gone"); };
  CHECK_NOTHROW([&] { Progress progress("fit", 10, ProgressMode::plain, broken); }());
}

TEST_CASE("times read as a clock") {
  CHECK(clock_text(Seconds(7.9)) == "0:07");
  CHECK(clock_text(Seconds(605)) == "10:05");
  CHECK(clock_text(Seconds(3753)) == "1:02:33");
  CHECK(clock_text(Seconds(1e300)) == "9999:00:00");
}

}  // namespace
}  // namespace banel
