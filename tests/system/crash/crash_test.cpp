// Killed, out of disk, out of memory: whatever happens to a long command, the same command goes on to the
// same bytes. The real program runs tiny jobs with tests/system/faults/faults.cpp preloaded, which makes one
// chosen step fatal and stops the clock, so that all files can be compared, those with times included.
// A few of all steps by default; every step and 100 kills of each command with CRASH_TESTS=complete (two
// hours of one core).
#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

#include "banel/oracle.h"
#include "nn/io/json.h"
#include "tensor/rng.h"
#include "tests/support/json.h"
#include "tests/system/crash/long_commands.h"

namespace banel {
namespace {

TEST_CASE("a command that is killed at any write step goes on to the same bytes" *
          doctest::test_suite("slow")) {
  at_steps({"kill-before", "kill-half", "kill-after"},
           [](const Place& place, const std::string& fault) { CHECK(place.run(fault).code == -SIGKILL); });
}

TEST_CASE("a power cut at any write step loses nothing that was paid and changes no byte of the end" *
          doctest::test_suite("slow")) {
  at_steps({"power-cut"},
           [](const Place& place, const std::string& fault) { CHECK(place.run(fault).code == -SIGKILL); });
}

TEST_CASE("an evaluation is on disk for good one step after it was written") {
  const Command& c = commands()[0];
  const auto paid_after = [&](const std::string& fault) {
    const Place place(c);
    CHECK(place.run(fault).code == -SIGKILL);
    return read_ledger(place.folder / "ledger.jsonl").evaluations.size();
  };
  std::size_t most = 0;
  for (const long step : sampled(whole(c).steps - 1, 3 * c.samples, 0)) {
    const std::size_t written = paid_after("kill-after:" + std::to_string(step + 1)),
                      kept = paid_after("power-cut:" + std::to_string(step + 2));
    INFO("after step " << step + 2);
    CHECK(kept >= written);
    most = std::max(most, written);
  }
  CHECK(most == 60);
}

TEST_CASE(
    "a full or failing or read-only disk is one line and exit 4 and the command goes on once it is mended" *
    doctest::test_suite("slow")) {
  at_steps({"ENOSPC", "EIO", "EROFS", "EIO-once"}, [](const Place& place, const std::string& fault) {
    const Outcome o = place.run(fault);
    CAPTURE(o.err);
    const bool full = fault.starts_with("ENOSPC");
    if (full && o.code == 0) return;  // from this step on it only renamed and removed
    CHECK(o.code == 4);
    CHECK(o.out == "");
    CHECK(one_line(o.err));
    CHECK(o.err.find(full                       ? "No space left on device"
                     : fault.starts_with("EIO") ? "Input/output error"
                                                : "Read-only file system") != o.err.npos);
    CHECK(o.err.find(": cannot ") != o.err.npos);
  });
}

TEST_CASE("a command that runs out of memory says so in one line and goes on once there is some" *
          doctest::test_suite("slow")) {
  const long declared = allocations_of_help();
  int faults = 0;
  for (const Command& c : commands()) {
    const int samples = complete() ? 400 : c.samples;
    for (int i = 0; i < samples; ++i, ++faults) {
      const auto n = std::lround(std::pow(
          whole(c).allocations, (i + 0.5) / samples));  // as many below 1,000 as above 1,000 of a million
      const std::string fault = (i % 2 ? "no-memory:" : "no-memory-once:") + std::to_string(n);
      const Place place(c);
      const Outcome o = place.run(fault);
      INFO(c.name << " " << fault);
      CAPTURE(o.err);
      if (fault.starts_with("no-memory-once") && n < declared && o.code == 0) {
        CHECK(o.out ==
              whole(c).out);  // lost by a stream that CLI11 describes an option's range with, for --help
        CHECK(o.err == "");
      } else {
        CHECK(o.code == 1);
        CHECK(o.err.rfind("banel: out of memory; ", 0) == 0);
        CHECK(one_line(o.err));
      }
      goes_on_to_the_same_bytes(place);
    }
  }
  if (complete()) MESSAGE(faults << " faults");
}

TEST_CASE("a command that is killed or stopped again and again at random instants goes on to the same bytes" *
          doctest::test_suite("slow")) {
  std::uint32_t number = 0;
  for (const Command& c : commands()) {
    const auto place = [&] { return std::make_unique<Place>(c); };
    auto now = place();
    Rng random(2, "kills", ++number);
    int kills = 0, completed = 0;
    const int wanted = complete() ? 100 : std::max(1, c.samples);
    for (int attempt = 0; kills < wanted && attempt < 20 * wanted; ++attempt) {
      INFO(c.name << " attempt " << attempt);
      Program program = now->start();
      std::this_thread::sleep_for(random.uniform() * 1.1 * whole(c).duration);
      const int number_of_signal = std::vector<int>{SIGKILL, SIGTERM, SIGINT, SIGHUP}[random.below(4)];
      program.signal(number_of_signal);
      const Outcome o = program.wait();
      CAPTURE(o.err);
      // 130, or ended by the signal itself before the program had asked for it.
      const bool stopped = o.code == -number_of_signal || (number_of_signal != SIGKILL && o.code == 130);
      CHECK((stopped || o.code == 0));
      if (o.code == 130) CHECK(one_line(o.err));
      kills += stopped;
      check_ledgers(now->folder);
      if (o.code == 0) {
        goes_on_to_the_same_bytes(*now);
        now = place();
        ++completed;
      }
    }
    goes_on_to_the_same_bytes(*now);
    CHECK(kills >= wanted);
    if (complete()) MESSAGE(c.name << ": " << kills << " kills in " << completed + 1 << " runs");
  }
}

TEST_CASE("a second process on a run folder is refused and the first goes on to the same bytes" *
          doctest::test_suite("slow")) {
  for (const Command& c : commands()) {
    INFO(c.name);
    const Place place(c);
    Program first = place.start();
    const auto at_work = [&] {  // it holds the lock once there is something besides the lock
      return fs::exists(place.folder / "run.json") || fs::exists(place.folder / "study.toml");
    };
    REQUIRE(within(60s, at_work));
    first.signal(SIGSTOP);
    const Outcome second = place.run();
    CAPTURE(second.err);
    CHECK(second.code == 4);
    CHECK(second.out == "");
    CHECK(one_line(second.err));
    CHECK(second.err.find("another process is using this folder") != second.err.npos);
    first.signal(SIGCONT);
    CHECK(first.wait().code == 0);
    goes_on_to_the_same_bytes(place);
  }
}

TEST_CASE("under a limit of memory a command ends in one line or does its work and never waits for ever") {
  const auto limited = [](const std::string& kilobytes) {
    const TemporaryFolder here;
    std::string words;
    for (const std::string& word : commands()[0].words) words += " '" + word + "'";
    Program program({"/bin/sh", "-c", "ulimit -v " + kilobytes + "; exec" + words}, here.path);
    CHECK(within(60s, [&] { return program.ended(); }));
    return program.wait();
  };
  for (const char* kilobytes : {"60000", "100000", "150000", "180000"}) {
    CAPTURE(kilobytes);
    const Outcome o = limited(kilobytes);
    CAPTURE(o.err);
    const bool library = o.err.starts_with("banel: OpenBLAS: ");  // has no room for itself
    CHECK((library || o.err.starts_with("banel: out of memory; ")));
    CHECK(o.code == (library ? 4 : 1));
    CHECK(one_line(o.err));
  }
  CHECK(limited("4000000").code == 0);
}

TEST_CASE("a command that waits for a pipe ends at the first signal" * doctest::test_suite("slow")) {
  const TemporaryFolder here;
  const fs::path pipe = here.path / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  for (const Arguments& words :
       std::vector<Arguments>{{"study", pipe}, {"methods", "--config", pipe}, {"jobs", pipe}})
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
      Program program(Arguments{BANEL_PROGRAM} + words, here.path);
      std::this_thread::sleep_for(Seconds(0.3));
      CHECK(!program.ended());
      program.signal(signal);
      CHECK(within(2s, [&] { return program.ended(); }));
      const Outcome o = program.wait();
      CAPTURE(o.err);
      CHECK(o.code == 130);
      CHECK(one_line(o.err));
    }
  Program under_nohup({"/bin/sh", "-c", "trap '' HUP; exec " BANEL_PROGRAM " study pipe"}, here.path);
  std::this_thread::sleep_for(Seconds(0.3));
  under_nohup.signal(SIGHUP);
  std::this_thread::sleep_for(Seconds(0.3));
  CHECK(!under_nohup.ended());
  under_nohup.signal(SIGTERM);
  CHECK(under_nohup.wait().code == 130);
  CHECK(here.names() == std::set<std::string>{"pipe"});
}

TEST_CASE("without OpenBLAS a command says what to install and goes on once it is there") {
  for (const Command& c : commands()) {
    if (c.samples < 2 && !complete()) continue;
    INFO(c.name);
    const Place place(c);
    const Outcome o = place.run("no-openblas:1");
    CAPTURE(o.err);
    CHECK(o.code == 4);
    CHECK(one_line(o.err));
    CHECK(o.err.find("install the package libopenblas0") != o.err.npos);
    goes_on_to_the_same_bytes(place);
  }
}

TEST_CASE("Ctrl-C ends every long command within 2 seconds whether it trains or measures" *
          doctest::test_suite("slow")) {
  // Networks of full size, so that a million samples or questions take minutes and each phase is met.
  const Arguments full{"train", "addition", "--out", "run"},
      networks{"--networks", given().networks, "--out", "run"};
  const std::vector<Arguments> long_commands{
      full + Arguments{"--set", "target_examples=1000"},  // measures after a moment
      full,
      {"study", "reproduce", "--out", "run"},
      {"study", "planted", "--out", "run"},
      Arguments{"attack", "--method", "memory", "--samples", "1000000"} + networks,  // likewise
      {"ask", "attacker", given().networks, "--samples", "10000000"},
      {"ask", "rules", "--networks", given().networks, "--samples", "100000000"},
      {"toy1d", "--seeds", "100000"}};
  Rng random(3, "Ctrl-C");
  Seconds longest{};
  for (int time = 0; time < (complete() ? 10 : 1); ++time)
    for (const Arguments& words : long_commands) {
      const Command command{words[0], Arguments{BANEL_PROGRAM} + words, 1};
      const Place place(command);
      INFO(words[0] << " " << words[1]);
      Program program(command.words + Arguments{"--quiet"}, place.here.path);
      std::this_thread::sleep_for(Seconds(0.3 + 1.5 * random.uniform()));
      CHECK(!program.ended());
      const auto start = std::chrono::steady_clock::now();
      program.signal(SIGINT);
      const Outcome o = program.wait();
      const Seconds took = std::chrono::steady_clock::now() - start;
      longest = std::max(longest, took);
      CAPTURE(o.err);
      CHECK(took < 2s);
      CHECK(o.code == 130);
      CHECK(o.out == "");
      CHECK(one_line(o.err));
    }
  if (complete()) MESSAGE("the longest took " << longest.count() << " s");
}

TEST_CASE("ledger and log and table agree on every count") {
  const Files& files = whole(commands()[2]).files;
  const Json rows = json_of(files.at("rows.json"));
  for (const Json& row : rows.items()) {
    const std::string folder =
        "attacks/1/" + row.at("variant").text() + "/seed" + row.at("seed").dump() + "/";
    const auto lines = [&](const std::string& name) {
      std::vector<Json> result;
      std::istringstream text(files.at(folder + name));
      for (std::string line; std::getline(text, line);) result.push_back(json_of(line));
      return result;
    };
    std::size_t paid = 0;
    const std::vector<Json> ledger = lines("ledger.jsonl");
    for (const Json& round : lines("metrics.jsonl")) {
      std::int64_t positives = 0;
      for (std::int64_t i = 0; i < round.at("submitted").integer(); ++i)
        positives += ledger.at(paid++).at("reward").integer();
      CHECK(round.at("positives") == positives);
      CHECK(round.at("nre") == paid);
    }
    CHECK(paid == 40);
    CHECK(ledger.size() == paid);
    CHECK(row.at("evaluations") == paid);
  }
  CHECK(rows.size() == 4);
}

}  // namespace
}  // namespace banel
