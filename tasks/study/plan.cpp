#include "tasks/study/plan.h"

#include <algorithm>
#include <cmath>

#include "nn/io/file.h"
#include "tasks/base/text.h"
#include "tasks/run/checkpoint.h"
#include "tasks/study/halving.h"
#include "tensor/check.h"
#include "tensor/parallel.h"

namespace banel {

namespace fs = std::filesystem;

namespace {

// Parts whose attacks share a folder.
template <class Part>
bool same_name(const Part& a, const Part& b) {
  return path_name(a.name) == path_name(b.name);
}

// Parts of both; those of `more` first. Equal names must be equal parts.
template <class Part>
std::vector<Part> joined(const std::vector<Part>& more, const std::vector<Part>& less, const fs::path& file) {
  std::vector<Part> all = more;
  for (const Part& part : less) {
    const auto same = std::find_if(all.begin(), all.end(), [&](const Part& p) { return same_name(p, part); });
    ENSURE_AS(
        same == all.end() || *same == part, InputError, file.string(),
        "has another " << in_quotes(part.name) << "; choose another folder, or give it a name of its own");
    if (same == all.end()) all.push_back(part);
  }
  return all;
}

std::vector<std::uint64_t> joined(std::vector<std::uint64_t> all, const std::vector<std::uint64_t>& more) {
  for (const std::uint64_t n : more)
    if (std::find(all.begin(), all.end(), n) == all.end()) all.push_back(n);
  return all;
}

// Panels of the same name get the instances of both.
void share_instances(std::vector<Panel>& now, std::vector<Panel>& before) {
  for (Panel& p : now)
    for (Panel& q : before)
      if (same_name(p, q)) p.instances = q.instances = joined(q.instances, p.instances);
}

// The keys by which attacks of both with the same name differ, separated by commas; empty: they are the same.
std::string what_differs(const Study& a, const Study& b) {
  std::string keys;
  const auto compare = [&](const char* key, bool same) {
    if (!same) keys += (keys.empty() ? "" : ", ") + std::string(key);
  };
  const auto same_task = [&](const Panel& p) {
    return std::ranges::none_of(b.panels,
                                [&](const Panel& q) { return same_name(p, q) && p.task != q.task; });
  };
  compare("task", std::ranges::all_of(a.panels, same_task));
  compare("budget", a.budget == b.budget);
  compare("samples", a.samples == b.samples);
  compare("ranking", a.ranking == b.ranking);
  compare("base_samples", a.base_samples == b.base_samples);
  compare("quick", a.quick == b.quick);
  compare("halving", a.halving == b.halving);
  return keys;
}

std::string minutes(double seconds) {
  return seconds < 90     ? fixed(seconds, 0) + " s"
         : seconds < 5400 ? fixed(seconds / 60, 0) + " min"
                          : fixed(seconds / 3600, 1) + " h";
}

// Seconds of finished attacks by method, to expect those of others.
struct Times {
  std::map<std::string, std::pair<double, double>> by_variant;  // seconds, evaluations
  double expected(const Study& study, const PlannedAttack& a, double whole_budget) const {
    const Variant& v = study.variants[a.variant];
    const Values values = method_values(study, v);
    const auto budget = values.find("budget");
    const double evaluations = budget == values.end() ? whole_budget : budget->second.number();
    if (const auto found = by_variant.find(v.name); found != by_variant.end())
      return found->second.first / found->second.second * evaluations;
    return study.seconds * evaluations / whole_budget;
  }
};

// The budget that Study::seconds is about.
double whole_budget(const Study& study) {
  if (study.halving) return static_cast<double>(study.halving->budgets.back());
  double most = 1;
  for (const Variant& v : study.variants)
    if (const Values values = method_values(study, v); values.contains("budget"))
      most = std::max(most, values.at("budget").number());
  return most;
}

// Of halving, stages that nothing decides yet stand for themselves: which configurations go on does not
// matter.
std::vector<Study> all_stages(const fs::path& run, const Study& study, const Registry& registry) {
  std::vector<Study> stages = stages_of(run, study, registry);
  if (!study.halving) return stages;
  auto count = static_cast<std::size_t>(study.halving->configurations);
  const auto keep = static_cast<std::size_t>(study.halving->keep);
  for (std::size_t stage = 0; stage < study.halving->budgets.size();
       ++stage, count = (count + keep - 1) / keep) {
    if (stage < stages.size()) continue;
    std::vector<int> numbers;
    for (std::size_t i = 1; i <= count; ++i) numbers.push_back(static_cast<int>(i));
    stages.push_back(stage_of(study, stage, std::vector(study.variants.size(), numbers)));
  }
  return stages;
}

}  // namespace

std::vector<PlannedAttack> planned(const Study& study) {
  std::vector<PlannedAttack> attacks;
  for (const std::uint64_t seed : study.seeds)
    for (std::size_t panel = 0; panel < study.panels.size(); ++panel)
      for (const std::uint64_t instance : study.panels[panel].instances)
        for (std::size_t variant = 0; variant < study.variants.size(); ++variant)
          attacks.push_back({panel, variant, instance, seed});
  return attacks;
}

std::size_t reading_samples(const Task& task, std::size_t wanted) {
  const std::size_t own = task.reading_samples();
  ENSURE(own > 0 || wanted == 0, "samples",
         "this task judges nothing outside the budget; leave the setting out");
  return wanted ? wanted : own;
}

std::string attack_name(const Study& study, const PlannedAttack& a) {
  const std::string panel = path_name(study.panels[a.panel].name);
  return (panel.empty() ? "" : panel + '/') + std::to_string(a.instance) + '/' +
         path_name(study.variants[a.variant].name) + '/' + std::to_string(a.seed);
}

fs::path attack_folder(const Study& study, const PlannedAttack& a) {
  const std::string panel = path_name(study.panels[a.panel].name);
  return fs::path("attacks") / ((panel.empty() ? "" : panel + '-') + std::to_string(a.instance)) /
         path_name(study.variants[a.variant].name) / ("seed" + std::to_string(a.seed));
}

Job job_of(const fs::path& run, const Study& study, const PlannedAttack& a, const Registry& registry,
           Instances& instances) {
  check_stop();  // a run may have very many
  const Variant& v = study.variants[a.variant];
  const std::shared_ptr<const Task> task = instances.task(a.panel, a.instance);
  return {run / attack_folder(study, a),
          task,
          adapted(registry.method(v.method), *task, method_values(study, v)),
          {a.seed, reading_samples(*task, study.samples), study.ranking}};
}

Run run_of(const fs::path& run, const Study& study, const PlannedAttack& a, const Registry& registry,
           Instances& instances) {
  const Job job = job_of(run, study, a, registry, instances);
  AttackResult log = read_attack(job.folder);
  Row row = read_row(job.folder, log, job.method, a.seed, instances.base(a.panel, a.instance));
  row.task = study.panels[a.panel].task;
  row.panel = study.panels[a.panel].name;
  row.instance = a.instance;
  row.variant = study.variants[a.variant].name;
  row.warning = job.task->warning();
  return {std::move(row), std::move(log)};
}

std::vector<PlannedAttack> missing(const fs::path& run, const Study& study) {
  std::vector<PlannedAttack> attacks = planned(study);
  std::erase_if(attacks, [&](const PlannedAttack& a) {
    check_stop();
    return is_finished(run / attack_folder(study, a));
  });
  return attacks;
}

Study keep_study(const fs::path& run, const Study& study, const Registry& registry) {
  const fs::path file = run / "study.toml";
  create_folders(run / "attacks");
  // Not the lock of the run, which a study holds for hours: `banel jobs` works beside it.
  const FolderLock lock = FolderLock::when_free(run / "attacks");
  Study all = study;
  if (fs::exists(file)) {
    Study before = read_run(run, registry);
    const std::string differs = what_differs(study, before);
    ENSURE_AS(differs.empty(), InputError, file.string(),
              "this folder has a study with another " << differs << "; choose another folder");
    const auto join = [&](const auto& now, const auto& earlier) {
      return now.size() > earlier.size() ? joined(now, earlier, file) : joined(earlier, now, file);
    };
    share_instances(all.panels, before.panels);
    all.panels = join(all.panels, before.panels);
    all.variants = join(study.variants, before.variants);
    all.seeds = joined(before.seeds, study.seeds);
    if (to_toml(all) == read_file(file)) return all;
  }
  Study elsewhere = all;  // its canary may be a file that is not here, as in read_run
  elsewhere.canary.clear();
  parse_study(to_toml(elsewhere), "the study", registry);  // before a file is written that nobody can read
  write_file(file, to_toml(all));
  return all;
}

std::string forecast(const fs::path& run, const Study& study, const Registry& registry, int jobs) {
  std::size_t all = 0, finished = 0;
  double seconds = 0;
  bool known = study.seconds > 0;
  Times times;
  const double whole = whole_budget(study);
  for (const Study& stage : all_stages(run, study, registry)) {
    const std::vector<PlannedAttack> left = missing(run, stage);
    const std::vector<PlannedAttack> attacks = planned(stage);
    all += attacks.size();
    finished += attacks.size() - left.size();
    for (const PlannedAttack& a : attacks) {
      check_stop();
      const fs::path folder = run / attack_folder(stage, a);
      if (!is_finished(folder)) continue;
      const AttackResult log = read_attack(folder);
      auto& [spent, evaluations] = times.by_variant[stage.variants[a.variant].name];
      spent += log.seconds;
      evaluations +=
          log.rounds.empty() ? 1 : static_cast<double>(std::max<std::int64_t>(log.rounds.back().nre, 1));
      known = true;
    }
    for (const PlannedAttack& a : left) seconds += times.expected(stage, a, whole);
  }
  std::string text = grouped(static_cast<std::int64_t>(all)) + " attacks, " +
                     grouped(static_cast<std::int64_t>(finished)) + " of them finished";
  if (finished == all) return text;
  text += known ? "; about " + minutes(seconds) + " of computing, " + minutes(seconds / jobs) + " on " +
                      std::to_string(jobs) + (jobs == 1 ? " core" : " cores")
                : "; how long they take is not known";
  if (study.instance_seconds > 0)
    text += "; each of the " + std::to_string(instance_count(study)) +
            " instances that is not made takes another " + minutes(study.instance_seconds);
  return text;
}

}  // namespace banel
