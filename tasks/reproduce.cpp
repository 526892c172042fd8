#include "tasks/reproduce.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "nn/file.h"
#include "tasks/line_chart.h"
#include "tasks/system.h"
#include "tensor/check.h"
#include "tensor/parallel.h"

namespace banel {

namespace fs = std::filesystem;

namespace {

std::vector<Method> comparison(std::initializer_list<const char*> names) {
  std::vector<Method> chosen;
  for (const char* name : names) chosen.push_back(method(name));
  return chosen;
}

// All methods of a seed, then the next seed; results by method.
std::vector<std::vector<AttackResult>> run_methods(const fs::path& folder, const ReproduceSettings& s,
                                                   const Networks& networks, ProgressMode mode) {
  std::vector<Job> jobs;
  for (int seed = 1; seed <= s.seeds; ++seed)
    for (const Method& m : s.methods)
      jobs.push_back({folder / "attacks" / m.name / ("seed" + std::to_string(seed)), m,
                      static_cast<std::uint64_t>(seed)});
  const std::vector<AttackResult> all = run_all(jobs, networks, s.measured_samples, s.jobs, mode);
  std::vector<std::vector<AttackResult>> results(s.methods.size());
  for (std::size_t i = 0; i < all.size(); ++i) results[i % s.methods.size()].push_back(all[i]);
  return results;
}

// Success against evaluations: every seed faint, the mean strong. Runs that ended early keep their last
// value.
LineChart success_chart(const ReproduceSettings& s, const std::vector<std::vector<AttackResult>>& results,
                        const Rate& base) {
  LineChart chart;
  const std::string rounds_note =
      std::to_string(s.measured_samples) + " samples per point, " + std::to_string(s.seeds) + " seeds";
  chart.captions = {
      (s.quick ? "QUICK RUN, not a result: " : "") + std::string("Success rate against evaluations spent"),
      std::to_string(s.digits) + "-digit addition; faint: every seed, strong: mean over seeds", rounds_note};
  chart.x = {.label = "reward evaluations (rounds of the same length for methods that evaluate nothing)",
             .scale = Scale::linear,
             .lo = 0};
  chart.y = {.label = "success rate", .scale = Scale::log, .ticks = Ticks::percent, .hi = 1};
  chart.reference = Reference{base.value(), "pretrained"};
  for (std::size_t m = 0; m < s.methods.size(); ++m) {
    Series series{.label = s.methods[m].name};
    std::size_t longest = 0;
    for (const AttackResult& run : results[m]) longest = std::max(longest, run.rounds.size());
    const auto per_round = static_cast<double>(s.methods[m].settings.per_round);
    for (std::size_t k = 0; k <= longest; ++k)
      series.x.push_back(
          std::min(static_cast<double>(k) * per_round, static_cast<double>(s.methods[m].settings.budget)));
    series.mean.assign(series.x.size(), 0);
    for (const AttackResult& run : results[m]) {
      std::vector<double> curve{base.value()};
      for (const RoundRecord& r : run.rounds) curve.push_back(r.success.value());
      curve.resize(series.x.size(), curve.back());
      for (std::size_t k = 0; k < curve.size(); ++k)
        series.mean[k] += curve[k] / static_cast<double>(results[m].size());
      series.seeds.push_back(std::move(curve));
    }
    chart.series.push_back(std::move(series));
  }
  return chart;
}

std::string note(const ReproduceSettings& s, const Json& target, const Rate& base, double seconds) {
  const Json error = target.at("error"), base_rate = to_json(base), info = system_info();
  const auto number = [](const Json& x) {
    char b[32];
    std::snprintf(b, sizeof b, "%.3g", x.get<double>());
    return std::string(b);
  };
  const auto with_interval = [&](const Json& r) {
    return number(r.at("rate")) + " (" + number(r.at("lo")) + "–" + number(r.at("hi")) +
           ", n = " + grouped(r.at("n").get<std::int64_t>()) + ")";
  };
  return "Target error on fresh questions " + with_interval(error) + " after " +
         grouped(target.at("examples").get<std::int64_t>()) + " examples in " +
         number(target.at("training_seconds")) + " s. Success rate of the pre-trained attacker " +
         with_interval(base_rate) + ". " + grouped(static_cast<std::int64_t>(s.measured_samples)) +
         " samples per reading; intervals over seeds by bootstrap. Pre-training seed " +
         std::to_string(s.pretrain_seed) + ", attack seeds 1–" + std::to_string(s.seeds) + ". " +
         info.at("cpu").get<std::string>() + ", " + std::to_string(threads()) +
         " threads, OpenBLAS kernels " + info.at("blas_kernels").get<std::string>() + "; " +
         grouped(static_cast<std::int64_t>(seconds)) + " s of wall-clock in this call.";
}

}  // namespace

ReproduceSettings full_settings() {
  ReproduceSettings s;
  s.target.training = {.network = {64, 3, 8},
                       .batch = 128,
                       .rate = 2e-3,
                       .warmup = 500,
                       .weight_decay = 0,
                       .examples = 7'000'000};
  s.attacker.training = {.network = {64, 2, 4},
                         .batch = 256,
                         .rate = 3e-3,
                         .warmup = 100,
                         .weight_decay = 0,
                         .examples = 600'000};
  s.methods =
      comparison({"banel-paper", "banel", "count", "rnd", "rnd-10", "rnd-100", "reinforce", "grpo",
                  "rnd-score", "count-score", "oracle-free", "tail", "random", "temperature", "memory"});
  s.jobs = threads();
  return s;
}

ReproduceSettings quick_settings() {
  ReproduceSettings s = full_settings();
  s.quick = true;
  s.digits = 3;
  s.target.training.examples = 300'000;
  s.target.stop_error = 2e-3;
  s.target.check_every = 20'000;
  s.target.check_questions = 20'000;
  s.target.final_questions = 100'000;
  s.attacker.training.examples = 100'000;
  s.attacker.final_samples = 100'000;
  s.measured_samples = 2'000;
  for (Method& m : s.methods) {
    m.settings.budget = 1500;
    m.settings.per_round = 100;
    m.settings.accepted = 500;
  }
  s.seeds = 2;
  return s;
}

Table reproduce(const fs::path& folder, const ReproduceSettings& s, ProgressMode mode) {
  ENSURE(s.seeds >= 1 && s.seeds <= 1000, "seeds", s.seeds << " is outside 1..1000");
  ENSURE(!s.methods.empty(), "methods", "none was chosen");
  const Stopwatch watch;
  const fs::path pretrained = folder / "pretrained";
  GPT target = train_target(pretrained, s.target, s.digits, s.pretrain_seed, mode);
  GPT attacker = train_attacker(pretrained, s.attacker, s.digits, s.pretrain_seed, target, mode);
  const Rate base = rate_from(Json::parse(read_file(pretrained / "attacker.json")).at("base").at("success"));
  const Networks networks{std::move(target), std::move(attacker), s.digits};
  const auto results = run_methods(folder, s, networks, mode);

  Table table{.title = "BaNEL on addition", .note = {}, .quick = s.quick, .base = base, .rows = {}};
  table.note = note(s, Json::parse(read_file(pretrained / "target.json")), base, watch.seconds());
  for (std::size_t m = 0; m < s.methods.size(); ++m) {
    MethodRow row{s.methods[m].name, s.methods[m].description, {}, {}};
    for (int seed = 1; seed <= s.seeds; ++seed) {
      row.seeds.push_back(seed);
      row.runs.push_back(read(results[m][static_cast<std::size_t>(seed - 1)]));
      if (!s.methods[m].consults_oracle) row.runs.back().nre = 0;
    }
    table.rows.push_back(std::move(row));
  }
  write_file(folder / "table.md", to_markdown(table));
  write_file(folder / "table.csv", to_csv(table));
  write_file(folder / "table.json", to_json(table).dump(2) + '\n');
  fs::create_directories(folder / "plots");
  const DrawList picture = draw(success_chart(s, results, base));
  write_png(picture, folder / "plots" / "success.png");
  write_svg(picture, folder / "plots" / "success.svg");
  return table;
}

}  // namespace banel
