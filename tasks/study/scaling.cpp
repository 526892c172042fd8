#include "tasks/study/scaling.h"

#include <nlohmann/json.hpp>

#include "nn/io/file.h"
#include "tasks/report/figures.h"
#include "tasks/base/stats.h"
#include "tasks/report/table.h"
#include "tasks/base/text.h"
#include "tensor/check.h"

namespace banel {

namespace fs = std::filesystem;

namespace {

// The pre-trained attacker's success rate when leading zeros earn nothing; measured once, kept in base.json.
Rate base_rate(const fs::path& file, const Networks& n, std::size_t samples) {
  if (!fs::exists(file)) {
    const Oracle::Judge judge = addition_judge(n.target, n.rules);
    const Measurement m =
        measure_samples(GptGenerator(n.attacker, {}), judge, n.rules, samples, {1, "scaling base"});
    write_file(file, to_json(m.success).dump(2) + '\n');
  }
  const Json json = read_json(file);
  return rate_from(Field(json, file.string()));
}

struct Group {  // the seeds of one point or line
  std::string name;
  int phi_epochs = 0;  // 0: a reference
  Method method;
  std::vector<AttackResult> runs;
};

std::vector<Group> groups_of(const ScalingSettings& s) {
  std::vector<Group> groups;
  for (int epochs : s.phi_epochs) {
    groups.push_back({"epochs" + std::to_string(epochs), epochs, method("banel"), {}});
    groups.back().method.fit.batch = 64;  // the scouts' and that of the paper's epochs
    groups.back().method.settings.distil_epochs = 4;
    groups.back().method.settings.phi_epochs = epochs;
    groups.back().method.settings.kappa = s.kappa;
    groups.back().method.settings.scout = s.scout;
  }
  for (const std::string& name : s.references) groups.push_back({name, 0, method(name), {}});
  for (Group& g : groups) g.method.settings.budget = s.budget;
  return groups;
}

std::vector<double> values(const Group& g, double (*of)(const AttackResult&)) {
  std::vector<double> result;
  for (const AttackResult& run : g.runs) result.push_back(of(run));
  return result;
}

Json row_of(const Group& g, const Rate& base) {
  const auto average = [&](double (*of)(const AttackResult&)) { return mean(values(g, of)); };
  const std::vector<double> final = values(g, [](const AttackResult& r) { return read(r).final; });
  const Interval interval = mean_interval(final);
  const double best = average([](const AttackResult& r) { return read(r).best; });
  const auto factor = [&](double x) { return base.k ? Json(x / base.value()) : Json(nullptr); };
  return {{"name", g.name},
          {"method", g.method.name},
          {"phi_epochs", g.phi_epochs ? Json(g.phi_epochs) : Json(nullptr)},
          {"nre", g.method.consults_oracle ? g.runs[0].rounds.back().nre : 0},
          {"final", final},
          {"final_mean", mean(final)},
          {"factor_final", factor(mean(final))},
          {"factor_final_lo", factor(interval.lo)},
          {"factor_final_hi", factor(interval.hi)},
          {"best", values(g, [](const AttackResult& r) { return read(r).best; })},
          {"factor_best", factor(best)},
          {"distinct", average([](const AttackResult& r) { return r.rounds.back().distinct.value(); })},
          {"phi_nats_per_token", average([](const AttackResult& r) { return r.rounds.back().phi_loss; })},
          {"phi_heldout_nats_per_token",
           average([](const AttackResult& r) { return r.rounds.back().phi_heldout; })},
          {"tokens", average([](const AttackResult& r) { return double(r.rounds.back().tokens); })},
          {"flops", average([](const AttackResult& r) { return r.rounds.back().flops; })},
          {"seconds", average([](const AttackResult& r) { return r.seconds; })}};
}

std::string text(const Json& number, const char* format) {
  if (number.is_null()) return "–";
  return formatted(format, number.get<double>());
}

std::string markdown(const Json& rows, const Rate& base, const ScalingSettings& s) {
  const Json rate = to_json(base);
  std::string md = "Leading zeros forbidden; base success rate " + text(rate.at("rate"), "%.3g") + " (" +
                   text(rate.at("lo"), "%.3g") + "–" + text(rate.at("hi"), "%.3g") +
                   ", n = " + grouped(base.n) + "); " + std::to_string(s.seeds) + " seeds, " +
                   grouped(static_cast<std::int64_t>(s.measured_samples)) +
                   " samples per reading; intervals: bootstrap over seeds, 95 %. The first " +
                   grouped(s.scout) + " evaluations of banel are those of scouts.\n\n";
  md +=
      "| run | epochs of p_φ | final: factor (95 %) | best: factor | final of every seed | evaluations | p_φ "
      "nats per token: "
      "seen, held out | tokens | FLOPs | s per run |\n|---|---|---|---|---|---|---|---|---|---|\n";
  for (const Json& r : rows) {
    std::string seeds;
    for (const Json& x : r.at("final")) seeds += (seeds.empty() ? "" : ", ") + text(x, "%.4f");
    md += "| " + r.at("method").get<std::string>() + " | " + text(r.at("phi_epochs"), "%.0f") + " | " +
          text(r.at("factor_final"), "%.1f") + " (" + text(r.at("factor_final_lo"), "%.1f") + "–" +
          text(r.at("factor_final_hi"), "%.1f") + ") | " + text(r.at("factor_best"), "%.1f") + " | " + seeds +
          " | " + text(r.at("nre"), "%.0f") + " | " + text(r.at("phi_nats_per_token"), "%.3f") + ", " +
          text(r.at("phi_heldout_nats_per_token"), "%.3f") + " | " + text(r.at("tokens"), "%.2e") + " | " +
          text(r.at("flops"), "%.2e") + " | " + text(r.at("seconds"), "%.1f") + " |\n";
  }
  return md;
}

DrawList picture(const std::vector<Group>& groups, const Rate& base, const ScalingSettings& s) {
  std::vector<ScalingPoint> points;
  std::vector<ScalingReference> references;
  for (const Group& g : groups) {
    std::vector<double> factors = values(g, [](const AttackResult& r) { return read(r).final; });
    for (double& x : factors) x /= base.value();
    if (!g.phi_epochs)
      references.push_back({g.name, factors});
    else
      points.push_back({static_cast<double>(g.phi_epochs),
                        mean(values(g, [](const AttackResult& r) { return r.rounds.back().flops; })), factors,
                        values(g, [](const AttackResult& r) { return r.rounds.back().phi_loss; }),
                        values(g, [](const AttackResult& r) { return r.rounds.back().phi_heldout; })});
  }
  const QuotedCurve paper{
      "paper, other target", {1, 2, 3, 5, 10, 20, 50, 100}, {4.5, 10, 13, 12.5, 90, 41, 5.8, 73}};
  return scaling_figure(points, references, paper,
                        {"leading zeros forbidden, " + std::to_string(s.seeds) + " seeds, " +
                         grouped(static_cast<std::int64_t>(s.measured_samples)) + " samples per reading"});
}

}  // namespace

std::string scaling(const fs::path& folder, const Networks& networks, const ScalingSettings& s,
                    ProgressMode mode) {
  ENSURE(!networks.rules.leading_zeros, "scaling", "leading zeros must be forbidden");
  ENSURE(s.scout < s.budget, "scaling",
         "--scout " << s.scout << " leaves nothing of the --budget " << s.budget << " to the loop of banel");
  create_folders(folder);
  const Rate base = base_rate(folder / "base.json", networks, s.base_samples);
  std::vector<Group> groups = groups_of(s);
  std::vector<Job> jobs;
  for (int seed = 1; seed <= s.seeds; ++seed)
    for (const Group& g : groups)
      jobs.push_back(
          {folder / g.name / ("seed" + std::to_string(seed)), g.method, static_cast<std::uint64_t>(seed)});
  const std::vector<AttackResult> results = run_all(jobs, networks, s.measured_samples, s.jobs, mode);
  for (std::size_t i = 0; i < results.size(); ++i) groups[i % groups.size()].runs.push_back(results[i]);

  Json rows = Json::array();
  for (const Group& g : groups) rows.push_back(row_of(g, base));
  std::string md = markdown(rows, base, s);
  write_file(folder / "scaling.json",
             Json{{"base", to_json(base)}, {"scout", s.scout}, {"rows", rows}}.dump(2) + '\n');
  write_file(folder / "scaling.md", md);
  if (base.k && s.phi_epochs.size() > 1)  // a curve needs two points
    write_picture(picture(groups, base, s), folder / "plots", "scaling");
  return md;
}

}  // namespace banel
