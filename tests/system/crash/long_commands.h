// Every long command on a tiny job, and what must be true of it after a fault: it goes on to the same bytes.
//
//   at_steps({"kill-before"}, [](const Place& place, const std::string& fault) { place.run(fault); });
#pragma once
#include <algorithm>
#include <cstdint>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "banel/ledger.h"
#include "nn/io/json.h"
#include "tensor/rng.h"
#include "tests/support/json.h"
#include "tests/support/run_banel.h"

namespace banel {

namespace fs = std::filesystem;

using namespace std::chrono_literals;
using Files = std::map<std::string, std::string>;
using Seconds = std::chrono::duration<double>;

inline bool complete() {
  const char* const form = std::getenv("CRASH_TESTS");
  return form && std::string(form) == "complete";
}

struct Command {
  std::string name;
  Arguments words;
  int samples;  // of its faults, in each test by default; training is a part of a study, too
};

// Networks of two digits, and study files beside them.
inline const tiny::Folder& given() {
  static const tiny::Folder made;
  return made;
}

// A study whose attacks take a moment, with the training of its networks: long enough for a checkpoint of
// each.
inline fs::path study_of(const std::string& name, const std::string& variants) {
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
inline Arguments in_run(Arguments words) {
  *(std::find(words.begin(), words.end(), "--out") + 1) = "run";
  return words;
}

// Every long command, in about half a second each.
inline const std::vector<Command>& commands() {
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

// What a command leaves behind when nothing disturbs it, how many steps and allocations it takes and how
// long.
struct Whole {
  Files files;
  std::string out;
  long steps = 0, allocations = 0;
  Seconds duration{};
};

inline const Whole& whole(const Command& c) {
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
inline long allocations_of_help() {
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
inline void check_ledgers(const fs::path& folder) {
  if (!fs::exists(folder)) return;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().filename() != "metrics.jsonl") continue;
    const std::string log = read_file(entry.path());
    const std::size_t end = log.rfind('\n');
    if (end == log.npos) continue;
    const std::size_t begin = end == 0 ? log.npos : log.rfind('\n', end - 1);
    const Json last =
        json_of(log.substr(begin == log.npos ? 0 : begin + 1, end - (begin == log.npos ? 0 : begin + 1)));
    CHECK(last.at("nre").integer() <=
          std::ssize(read_ledger(entry.path().parent_path() / "ledger.jsonl").evaluations));
  }
}

// The command once more, undisturbed, must leave the bytes of a run that never was.
inline void goes_on_to_the_same_bytes(const Place& place) {
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

inline bool one_line(const std::string& text) {
  return text.rfind("banel: ", 0) == 0 && std::count(text.begin(), text.end(), '\n') == 1 &&
         text.back() == '\n';
}

// `samples` of the numbers 0..n-1, spread over all of them; every number in the complete form.
inline std::vector<long> sampled(long n, int samples, std::uint32_t number) {
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

}  // namespace banel
