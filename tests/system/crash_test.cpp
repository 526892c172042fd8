// Killed, out of disk, out of memory: whatever happens to a long command, the same command goes on to the same bytes.
// The real program runs tiny jobs with tests/system/faults/faults.cpp preloaded, which makes one chosen step fatal and
// stops the clock, so that all files can be compared, those with times included.
// A few of all steps by default; every step and 100 kills of each command with CRASH_TESTS=complete (two hours of one core).
#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "banel/oracle.h"
#include "nn/io/json.h"
#include "tensor/rng.h"
#include "tests/support/run_banel.h"

namespace banel {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using Files = std::map<std::string, std::string>;
using Seconds = std::chrono::duration<double>;

bool complete() {
  const char* const form = std::getenv("CRASH_TESTS");
  return form && std::string(form) == "complete";
}

struct Command {
  std::string name;
  Arguments words;
  int samples;  // of its faults, in each test by default; training is a part of a study, too
};

// Networks of two digits, and study files beside them.
const tiny::Folder& given() {
  static const tiny::Folder made;
  return made;
}

// A study whose attacks take a moment, with the training of its networks: long enough for a checkpoint of each.
fs::path study_of(const std::string& name, const std::string& variants) {
  const fs::path file = given().path / (name + ".toml");
  write_file(
      file,
      "title = \"Small\"\ntask = \"addition\"\nsamples = 100\nbase_samples = 500\nshow = [\"bars\"]\n" +
          variants +
          "\n[settings]\ndigits = 1\ntarget_width = 8\ntarget_layers = 1\ntarget_heads = 2\ntarget_batch = "
          "100\ntarget_examples = 3000\nstop_error = 0\ncheck_every = 1000\ncheck_questions = "
          "500\nfinal_questions = 500\nattacker_width = 8\nattacker_heads = 2\nattacker_batch = "
          "1000\nattacker_examples = 110000\n");
  return file;
}

// The words with `run` as the folder that the command works in.
Arguments in_run(Arguments words) {
  *(std::find(words.begin(), words.end(), "--out") + 1) = "run";
  return words;
}

// Every long command, in about half a second each.
const std::vector<Command>& commands() {
  const auto attack = [&](const Arguments& more) {
    return Arguments{BANEL_PROGRAM} + given().attack("") + Arguments{"--threads", "1"} + more;
  };
  const auto study = [&](const fs::path& file) {
    return Arguments{BANEL_PROGRAM, "study", file, "--threads", "1", "--quiet", "--out", "run"};
  };
  static const std::vector<Command> all{
      {"attack", in_run(attack({})), 6},
      {"attack with regions", tiny::without(in_run(attack({"--method", "banel-union"})), "theta_epochs=1"),
       1},
      {"study",
       study(study_of(
           "small",
           "seeds = 2\nbudget = 40\nvariants = [{method = \"banel\", m = 20, n = 20, phi_epochs = 1, "
           "theta_epochs = 1}, \"memory\"]")),
       2},
      {"tuning",
       study(study_of(
           "tuning",
           "seeds = 1\nhalving = {configurations = 2, budgets = [10, 20], keep = 2, seed = 1}\n"
           "variants = [{method = \"grpo\", m = 10, ranges = {theta_rate = {low = 0.001, high = 0.01}}}]")),
       1},
      {"train",
       Arguments{BANEL_PROGRAM, "train", "addition", "--threads", "1", "--quiet", "--out", "run"} +
           tiny::training(),
       1}};
  return all;
}

// A place where a command runs, in a folder `run` of its own.
struct Place {
  const Command& command;
  TemporaryFolder here;
  fs::path folder = here.path / "run";

  explicit Place(const Command& c) : command(c) {}
  Program start(const std::string& faults = "", const fs::path& counts = {}) const {
    return Program(command.words, here.path,
                   {{"LD_PRELOAD", FAULTS_LIBRARY}, {"FAULTS", faults}, {"FAULTS_COUNT", counts}});
  }
  Outcome run(const std::string& faults = "") const { return start(faults).wait(); }

  Files files() const { return tiny::files(folder); }
};

// What a command leaves behind when nothing disturbs it, how many steps and allocations it takes and how long.
struct Whole {
  Files files;
  std::string out;
  long steps = 0, allocations = 0;
  Seconds duration{};
};

const Whole& whole(const Command& c) {
  static std::map<std::string, Whole> known;
  const auto [found, fresh] = known.try_emplace(c.name);
  Whole& w = found->second;
  if (!fresh) return w;
  const Place place(c);
  const auto start = std::chrono::steady_clock::now();
  Outcome o = place.start("count:0", place.here.path / "counts").wait();
  w.duration = std::chrono::steady_clock::now() - start;
  CAPTURE(o.err);
  REQUIRE(o.code == 0);
  w.files = place.files();
  w.out = o.out;
  std::ifstream(place.here.path / "counts") >> w.steps >> w.allocations;
  REQUIRE(w.steps > 20);
  REQUIRE(w.allocations > 1000);
  if (complete())
    MESSAGE(c.name << ": " << w.steps << " steps, " << w.allocations << " allocations, " << w.duration.count()
                   << " s");
  return w;
}

// Allocations until the options of all commands are declared, and some more for the text of --help.
long allocations_of_help() {
  const TemporaryFolder here;
  Program({BANEL_PROGRAM, "--help"}, here.path,
          {{"LD_PRELOAD", FAULTS_LIBRARY}, {"FAULTS", "count:0"}, {"FAULTS_COUNT", here.path / "counts"}})
      .wait();
  long steps = 0, allocations = 0;
  std::ifstream(here.path / "counts") >> steps >> allocations;
  REQUIRE(allocations > 1000);
  return allocations;
}

// After a crash: no ledger lacks an evaluation that a log or a checkpoint counts.
void check_ledgers(const fs::path& folder) {
  if (!fs::exists(folder)) return;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().filename() != "metrics.jsonl") continue;
    const std::string log = read_file(entry.path());
    const std::size_t end = log.rfind('\n');
    if (end == log.npos) continue;
    const std::size_t begin = end == 0 ? log.npos : log.rfind('\n', end - 1);
    const Json last =
        Json::parse(log.substr(begin == log.npos ? 0 : begin + 1, end - (begin == log.npos ? 0 : begin + 1)));
    CHECK(last.at("nre").get<std::ptrdiff_t>() <=
          std::ssize(read_ledger(entry.path().parent_path() / "ledger.jsonl").evaluations));
  }
}

// The command once more, undisturbed, must leave the bytes of a run that never was.
void goes_on_to_the_same_bytes(const Place& place) {
  check_ledgers(place.folder);
  const Outcome o = place.run();
  CAPTURE(o.err);
  CHECK(o.code == 0);
  CHECK(o.out == whole(place.command).out);
  const Files files = place.files();
  for (const auto& file : whole(place.command).files) {
    const bool same = files.contains(file.first) && files.at(file.first) == file.second;
    CHECK_MESSAGE(same, file.first);
  }
  for (const auto& file : files) CHECK_MESSAGE(whole(place.command).files.contains(file.first), file.first);
}

bool one_line(const std::string& text) {
  return text.rfind("banel: ", 0) == 0 && std::count(text.begin(), text.end(), '\n') == 1 &&
         text.back() == '\n';
}

// `samples` of the numbers 0..n-1, spread over all of them; every number in the complete form.
std::vector<long> sampled(long n, int samples, std::uint32_t number) {
  std::vector<long> result;
  if (complete()) samples = static_cast<int>(n);
  Rng random(1, "samples", number);
  for (long i = 0; i < samples; ++i) {
    const long first = n * i / samples, end = n * (i + 1) / samples;
    if (end > first) result.push_back(first + random.below(static_cast<std::uint32_t>(end - first)));
  }
  return result;
}

// Every command with these faults at some of its steps, each fault at every step in the complete form.
template <class Check>
void at_steps(const std::vector<std::string>& kinds, Check check) {
  std::uint32_t number = 0;
  int faults = 0;
  for (const Command& c : commands())
    for (const long pair : sampled(std::ssize(kinds) * whole(c).steps, c.samples, ++number)) {
      const Place place(c);
      const std::string fault = kinds[static_cast<std::size_t>(pair % std::ssize(kinds))] + ":" +
                                std::to_string(pair / std::ssize(kinds) + 1);
      INFO(c.name << " " << fault);
      check(place, fault);
      goes_on_to_the_same_bytes(place);
      ++faults;
    }
  if (complete()) MESSAGE(faults << " faults");
}

TEST_CASE("a command that is killed at any write step goes on to the same bytes") {
  at_steps({"kill-before", "kill-half", "kill-after"},
           [](const Place& place, const std::string& fault) { CHECK(place.run(fault).code == -SIGKILL); });
}

TEST_CASE("a power cut at any write step loses nothing that was paid and changes no byte of the end") {
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
    "a full or failing or read-only disk is one line and exit 4 and the command goes on once it is mended") {
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

TEST_CASE("a command that runs out of memory says so in one line and goes on once there is some") {
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

TEST_CASE(
    "a command that is killed or stopped again and again at random instants goes on to the same bytes") {
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
      const int number_of_signal = std::vector<int>{SIGKILL, SIGTERM, SIGINT}[random.below(3)];
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

TEST_CASE("a second process on a run folder is refused and the first goes on to the same bytes") {
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

TEST_CASE("Ctrl-C ends every long command within 2 seconds whether it trains or measures") {
  // Networks of full size, so that a million samples or questions take minutes and each phase is met.
  const Arguments full{"train", "addition", "--out", "run"},
      networks{"--networks", given().networks, "--out", "run"};
  const std::vector<Arguments> long_commands{
      full + Arguments{"--set", "target_examples=1000"},  // measures after a moment
      full,
      {"study", "reproduce", "--out", "run"},
      {"study", "planted", "--out", "run"},
      Arguments{"attack", "--method", "memory", "--samples", "1000000"} + networks,  // likewise
      {"ask", "attacker", given().networks, "--samples", "10000000"}};
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
  const Json rows = Json::parse(files.at("rows.json"));
  for (const Json& row : rows) {
    const std::string folder =
        "attacks/1/" + row.at("variant").get<std::string>() + "/seed" + row.at("seed").dump() + "/";
    const auto lines = [&](const std::string& name) {
      std::vector<Json> result;
      std::istringstream text(files.at(folder + name));
      for (std::string line; std::getline(text, line);) result.push_back(Json::parse(line));
      return result;
    };
    std::size_t paid = 0;
    const std::vector<Json> ledger = lines("ledger.jsonl");
    for (const Json& round : lines("metrics.jsonl")) {
      int positives = 0;
      for (std::size_t i = 0; i < round.at("submitted").get<std::size_t>(); ++i)
        positives += ledger.at(paid++).at("reward").get<int>();
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
