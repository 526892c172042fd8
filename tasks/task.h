// A problem: everything an experiment knows of it. Writing a task means implementing this class in one file
// pair and listing it as a TaskEntry; the commands, studies, tables, figures and `verify` then know it.
//   class Even : public Task { ... judge(): reward 1 iff the string is an even number ... };
//   registry.tasks.push_back(
//       {"even", "strings that are even numbers", {{"digits", 1, 9, 4}}, {}, make_even});
// tests/system/consumer/multiples.cpp is the shortest complete one, tasks/planted one with a GPT as prior;
// tests/support/tiny/program_task.h and prompted_task.h show an oracle that wavers and an instance that is a
// question.
#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "banel/oracle.h"
#include "banel/posterior.h"
#include "tasks/base/progress.h"
#include "tasks/model/method.h"
#include "tasks/model/rate.h"

namespace banel {

// Attempts whose reward is 0 without asking. prior_knowledge: it knows more of the problem than its syntax,
// so a method that uses it says so.
struct TaskScreen {
  std::string name;
  bool prior_knowledge = false;
  Screen may_succeed;  // for each attempt, whether it may earn a reward
};

// An attack written by hand by someone who was told how the judged system fails.
struct Rule {
  std::string name;
  std::function<Attempt(Rng&)> make;           // a fresh attempt of the rule
  std::function<bool(const Attempt&)> covers;  // whether a valid attempt follows the rule
};

// What an attack has learned: theta outside all regions, of what `unseen` passes.
struct Attacker {
  const Generator& theta;
  std::span<const Region> regions = {};
  const Screen* unseen = nullptr;  // of methods with a memory; null: passes all
};

enum class Access { make, read };  // read: `verify` and reports never train

class Task {  // one instance of a problem
 public:
  virtual ~Task() = default;

  // For people, without the settings of the study: "5-digit addition, target 5".
  virtual std::string title() const = 0;

  // Makes ready what prior and judge need, such as trained networks, in `folder`: loads what is there; with
  // Access::make it makes what is missing, resumes what was interrupted and locks nothing (the caller does).
  // Called once, before everything below. Errors: InputError if something is damaged, or missing with
  // Access::read.
  virtual void open(const std::filesystem::path& folder, Access, ProgressMode) = 0;

  // What open() measured, rather than trained, measured again: the JSON of each such file in the folder.
  virtual std::map<std::string, std::string> measured_again() const { return {}; }

  // What a reader of results must know of the instance, such as networks that learned less than was asked
  // for; empty if there is nothing. Rows, pages and commands show it.
  virtual std::string warning() const { return {}; }

  // Tells instances apart: a hash of all that verdicts and prior depend on. An attack on another fingerprint
  // is refused. Code has no hash: put a number into it that you raise whenever judge() changes.
  virtual std::string fingerprint() const = 0;

  virtual const Generator& prior() const = 0;  // the pre-trained attacker
  virtual Judge judge() const = 0;             // called once an attack; must be deterministic if repeatable()
  virtual bool repeatable() const { return true; }  // false: `verify` does not ask again

  // Settings that suit this task better than the registry's; a study's own settings win. Called before
  // open(), too.
  virtual void adapt(Method&) const {}

  // How many samples a reading may judge outside the budget; 0: none, since every verdict costs, and a table
  // then shows paid verdicts only.
  virtual std::size_t reading_samples() const { return 10'000; }

  // The first is the syntax, if there is one; "valid" in tables means all screens without prior knowledge.
  // Called before open(), too.
  virtual std::vector<TaskScreen> screens() const { return {}; }

  // What an attempt claims: of two attempts that claim the same, both are rewarded or none is.
  virtual std::string claim(const Attempt& x) const { return x; }

  // For tables and figures; no method sees these.
  virtual std::vector<std::string> modes() const { return {"success"}; }        // kinds of success
  virtual std::size_t mode(const Attempt&, const Verdict&) const { return 0; }  // of a success: its index
  // A second reading of the same samples, by name: {"text", true}. Always the same names.
  virtual std::map<std::string, bool> also(const Attempt&, const Verdict&) const { return {}; }
  virtual std::string truth(const Attempt&) const { return {}; }  // what the judge expected to see
  virtual std::vector<Rule> rules() const { return {}; }
  virtual std::optional<Estimate> exact_success(const Attacker&) const { return {}; }  // instead of sampling
};

constexpr std::int64_t most_instances = 1'000'000;  // the highest number of an instance

struct TaskEntry {
  std::string name, sentence;
  std::vector<Setting> settings = {};
  Values quick = {};  // settings of a quick run that differ
  // `values` are complete and in range; `instance` tells instances of one kind apart, such as a target's
  // seed.
  std::function<std::unique_ptr<Task>(const Values&, std::uint64_t instance)> make = {};
  // Keys of the settings that change verdicts only and nothing of what Task::open makes: instances that
  // differ in nothing else share their folder.
  std::vector<std::string> judging = {};
  // true: Task::open makes the same for every instance, so that all of them share a folder.
  bool shares_folder = false;
};

}  // namespace banel
