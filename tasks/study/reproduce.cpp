#include "tasks/study/reproduce.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "nn/io/file.h"
#include "tasks/report/figures.h"
#include "tasks/report/report.h"
#include "tasks/base/system.h"
#include "tasks/base/text.h"
#include "tensor/check.h"
#include "tensor/parallel.h"

namespace banel {

namespace fs = std::filesystem;

namespace {

// The methods of the table: all but Algorithm 1, which keeps a network for every round, and scouts, which are
// for another setting.
std::vector<Method> comparison() {
  std::vector<Method> chosen;
  for (const Method& m : methods())
    if (m.settings.memory == Memory::distil && !m.settings.scout) chosen.push_back(m);
  return chosen;
}

struct PaperFigure {
  double rate, factor;
};
const std::map<std::string, PaperFigure> paper_figures{// arXiv 2510.09596, table 1; on its own target
                                                       {"banel-paper", {0.1112, 278}},
                                                       {"count", {0.00058, 1.45}},
                                                       {"rnd", {0.00084, 2.1}}};

// All methods of a seed, then the next seed; results by method.
std::vector<std::vector<AttackResult>> run_methods(const fs::path& folder, const ReproduceSettings& s,
                                                   const Networks& networks, ProgressMode mode) {
  std::vector<Job> jobs;
  for (int seed = 1; seed <= s.seeds; ++seed)
    for (const Method& m : s.methods)
      jobs.push_back({attack_folder(folder, m.name, seed), m, static_cast<std::uint64_t>(seed)});
  const std::vector<AttackResult> all = run_all(jobs, networks, s.measured_samples, s.jobs, mode);
  std::vector<std::vector<AttackResult>> results(s.methods.size());
  for (std::size_t i = 0; i < all.size(); ++i) results[i % s.methods.size()].push_back(all[i]);
  return results;
}

void write_figures(const fs::path& folder, const ReproduceSettings& s,
                   const std::vector<std::vector<AttackResult>>& results, const Rate& base) {
  const fs::path plots = folder / "plots";
  const Provenance from{std::to_string(s.digits) + "-digit addition, target " +
                            std::to_string(s.pretrain_seed) + ", " + std::to_string(s.seeds) + " seeds, " +
                            grouped(static_cast<std::int64_t>(s.measured_samples)) + " samples per reading",
                        s.quick};
  std::vector<MethodRuns> all, loops,
      banels;  // every method; those whose collapse is of interest; the method
  for (std::size_t m = 0; m < s.methods.size(); ++m) {
    const Method& method = s.methods[m];
    all.push_back({method.name, results[m]});
    const auto is = [&](std::initializer_list<const char*> names) {
      return std::find(names.begin(), names.end(), method.name) != names.end();
    };
    if (is({"banel", "banel-unscreened", "banel-paper", "count", "rnd", "rnd-score", "oracle-free"}))
      loops.push_back(all.back());
    if (is({"banel", "banel-unscreened", "banel-paper"})) banels.push_back(all.back());
  }
  std::map<std::string, double> paper;
  for (const auto& [name, figure] : paper_figures) paper[name] = figure.rate;
  write_picture(success_figure(all, base, from), plots, "success");
  write_picture(bars_figure(all, base, paper, from), plots, "bars");
  if (!loops.empty()) write_picture(collapse_figure(loops, from), plots, "collapse");
  if (!banels.empty()) write_picture(modes_figure(banels, from), plots, "modes");
}

std::string note(const ReproduceSettings& s, const TargetReport& target, const Rate& base, double seconds) {
  const Json info = system_info();
  const auto number = [](double x) { return formatted("%.3g", x); };
  const auto with_interval = [&](const Rate& r) {
    const Interval interval = clopper_pearson(r.k, r.n);
    return number(r.value()) + " (" + number(interval.lo) + "–" + number(interval.hi) +
           ", n = " + grouped(r.n) + ")";
  };
  return "Target error on fresh questions " + with_interval(target.error) + " after " +
         grouped(target.examples) + " examples in " + number(target.training_seconds) +
         " s. Success rate of the pre-trained attacker " + with_interval(base) + ". " +
         grouped(static_cast<std::int64_t>(s.measured_samples)) +
         " samples per reading; intervals over seeds by bootstrap. Pre-training seed " +
         std::to_string(s.pretrain_seed) + ", attack seeds 1–" + std::to_string(s.seeds) + ". " +
         info.at("cpu").get<std::string>() + ", " + std::to_string(threads()) +
         " threads, OpenBLAS kernels " + info.at("blas_kernels").get<std::string>() + "; " +
         grouped(static_cast<std::int64_t>(seconds)) + " s of wall-clock in this call.";
}

}  // namespace

ReproduceSettings full_settings(int digits) {
  ReproduceSettings s;
  s.digits = digits;
  s.target.training = {.network = {64, 4, 8},
                       .batch = 128,
                       .rate = 2e-3,
                       .warmup = 500,
                       .weight_decay = 0,
                       .muon = true,
                       .examples = 1'250'000};
  s.target.length_draws = 2;
  s.target.nines = 0.15;
  s.target.check_every = 50'000;
  s.attacker.training = {.network = {64, 1, 4},
                         .batch = 256,
                         .rate = 3e-3,
                         .warmup = 100,
                         .weight_decay = 0,
                         .examples = 600'000};
  // As tried at ten digits (results/digits10.md): longer operands, nines and a smaller attacker were not,
  // there.
  if (digits > 5) {
    s.target.training.examples = 36'000'000;
    s.target.length_draws = 1;
    s.target.nines = 0;
    s.target.check_every = 1'000'000;
    s.target.stop_error = 9e-4;
    s.attacker.training.network.layers = 2;
  }
  s.methods = comparison();
  s.jobs = threads();
  return s;
}

ReproduceSettings quick_settings() {
  ReproduceSettings s = full_settings(3);
  s.quick = true;
  s.target.training.examples = 300'000;
  s.target.stop_error = 2e-3;
  s.target.check_every = 20'000;
  s.target.check_questions = 20'000;
  s.target.final_questions = 100'000;
  s.attacker.training.examples = 100'000;
  s.attacker.final_samples = 100'000;
  s.measured_samples = 2'000;
  for (Method& m : s.methods) m = quick(m);
  s.seeds = 2;
  return s;
}

Method quick(Method m) {
  const bool one_round = static_cast<std::int64_t>(m.settings.per_round) == m.settings.budget;
  m.settings.budget = 1500;
  m.settings.per_round = one_round ? 1500 : std::min<std::size_t>(m.settings.per_round, 100);
  m.settings.accepted = std::min<std::size_t>(m.settings.accepted, 500);
  return m;
}

fs::path attack_folder(const fs::path& run, const std::string& method, int seed) {
  return run / "attacks" / method / ("seed" + std::to_string(seed));
}

MethodRow method_row(const Method& m, const std::vector<AttackResult>& results) {
  MethodRow row{m.name, m.description, {}, {}, {}};
  if (const auto found = paper_figures.find(m.name); found != paper_figures.end())
    row.paper = formatted("%.4g, %.3g×", found->second.rate, found->second.factor);
  for (const AttackResult& result : results) {
    row.seeds.push_back(static_cast<int>(row.seeds.size()) + 1);
    row.runs.push_back(read(result));
    if (!m.consults_oracle) row.runs.back().nre = 0;
  }
  return row;
}

Table reproduce(const fs::path& folder, const ReproduceSettings& s, ProgressMode mode) {
  ENSURE(s.seeds >= 1 && s.seeds <= 1000, "seeds", s.seeds << " is outside 1..1000");
  ENSURE(!s.methods.empty(), "methods", "none was chosen");
  const Stopwatch watch;
  const fs::path pretrained = folder / "pretrained";
  GPT target = train_target(pretrained, s.target, s.digits, s.pretrain_seed, mode);
  GPT attacker = train_attacker(pretrained, s.attacker, s.digits, s.pretrain_seed, target, mode);
  const fs::path target_json = pretrained / "target.json", attacker_json = pretrained / "attacker.json";
  const Rate base = parse_base_rate(read_file(attacker_json), attacker_json.string());
  const Networks networks{std::move(target), std::move(attacker), {s.digits}};
  const auto results = run_methods(folder, s, networks, mode);

  Table table{.title = "BaNEL on addition", .note = {}, .quick = s.quick, .base = base, .rows = {}};
  table.note =
      note(s, parse_target_report(read_file(target_json), target_json.string()), base, watch.seconds());
  for (std::size_t m = 0; m < s.methods.size(); ++m)
    table.rows.push_back(method_row(s.methods[m], results[m]));
  write_file(folder / "table.md", to_markdown(table));
  write_file(folder / "table.csv", to_csv(table));
  write_file(folder / "table.json", to_json(table).dump(2) + '\n');
  write_figures(folder, s, results, base);
  write_report(folder);
  return table;
}

}  // namespace banel
