#include "tasks/study/tune.h"

#include <nlohmann/json.hpp>

#include "nn/io/file.h"
#include "tasks/report/table.h"
#include "tasks/base/text.h"

namespace banel {

namespace fs = std::filesystem;

namespace {

using Change = std::pair<std::string, std::function<void(Method&)>>;

Change filter_factor(double f, int phi_epochs) {
  return {formatted("f %g, E %d", f, phi_epochs), [=](Method& m) {
            m.settings.f = f;
            m.settings.phi_epochs = phi_epochs;
          }};
}

Change ratio(double f, double kappa) {
  return {formatted("f %g, κ %g", f, kappa), [=](Method& m) {
            m.settings.f = f;
            m.settings.kappa = kappa;
          }};
}

Change tail_factor(double f, int distil_epochs) {
  return {formatted("f %g, E_d %d", f, distil_epochs), [=](Method& m) {
            m.settings.f = f;
            m.settings.distil_epochs = distil_epochs;
          }};
}

Change novelty_factor(double f, int epochs, int order) {
  return {formatted("f %g, predictor epochs %d, order %d", f, epochs, order), [=](Method& m) {
            m.settings.f = f;
            m.novelty.epochs = epochs;
            m.novelty.order = order;
          }};
}

Change policy(double rate, double kl) {
  return {formatted("rate %g, KL %g", rate, kl), [=](Method& m) {
            m.fit.rate = rate;
            m.settings.kl = kl;
          }};
}

Change reward_policy(double rate, int batch) {
  return {formatted("rate %g, batch %d", rate, batch), [=](Method& m) {
            m.fit.rate = rate;
            m.fit.batch = batch;
          }};
}

Change temperature(double t) {
  return {formatted("temperature %g", t), [=](Method& m) { m.temperature = t; }};
}

std::vector<Change> changes(const std::string& name) {
  if (name == "banel" || name == "oracle-free")
    return {filter_factor(8, 16),  filter_factor(8, 32),  filter_factor(16, 16),
            filter_factor(16, 32), filter_factor(16, 64), filter_factor(32, 32)};
  if (name == "banel-unscreened")
    return {ratio(4, 0.5), ratio(4, 1), ratio(8, 0.5), ratio(8, 0.7), ratio(8, 1), ratio(16, 0.5)};
  if (name == "banel-paper")
    return {filter_factor(2, 30), filter_factor(2, 60), filter_factor(3, 30),
            filter_factor(4, 10), filter_factor(4, 30), filter_factor(8, 30)};
  if (name == "banel-union")
    return {filter_factor(1.05, 30), filter_factor(1.1, 10), filter_factor(1.1, 30),
            filter_factor(1.1, 60),  filter_factor(1.2, 30), filter_factor(1.3, 30)};
  if (name == "random" || name == "tail")
    return {tail_factor(4, 1), tail_factor(4, 2),  tail_factor(8, 1),
            tail_factor(8, 2), tail_factor(16, 1), tail_factor(16, 2)};
  if (name == "rnd-score" || name == "count-score")
    return {novelty_factor(4, 10, 4), novelty_factor(8, 10, 4),  novelty_factor(16, 10, 4),
            novelty_factor(8, 30, 8), novelty_factor(16, 30, 8), novelty_factor(32, 30, 8)};
  if (name == "count" || name.starts_with("rnd"))
    return {policy(1e-3, 1), policy(3e-3, 0.3), policy(3e-3, 1),
            policy(3e-3, 3), policy(1e-2, 1),   policy(1e-2, 3)};
  if (name == "reinforce" || name == "grpo")
    return {reward_policy(3e-4, 50), reward_policy(1e-3, 50),  reward_policy(1e-3, 250),
            reward_policy(3e-3, 50), reward_policy(3e-3, 250), reward_policy(1e-2, 50)};
  if (name == "temperature")
    return {temperature(2), temperature(3), temperature(4), temperature(5), temperature(6), temperature(8)};
  return {{"nothing to tune", [](Method&) {}}};
}

}  // namespace

std::vector<Choice> grid(const Method& m) {
  std::vector<Choice> choices;
  for (const auto& [words, change] : changes(m.name)) {
    choices.push_back({words, m});
    change(choices.back().method);
  }
  return choices;
}

std::string tune(const fs::path& folder, const Networks& networks, const TuneSettings& s, ProgressMode mode) {
  std::vector<Job> jobs;
  for (const Method& m : s.methods) {
    int number = 0;
    for (const Choice& choice : grid(m)) {
      ++number;
      for (int seed = 1; seed <= s.seeds; ++seed)
        jobs.push_back({folder / m.name / std::to_string(number) / ("seed" + std::to_string(seed)),
                        choice.method, static_cast<std::uint64_t>(seed)});
    }
  }
  const std::vector<AttackResult> results = run_all(jobs, networks, s.measured_samples, s.jobs, mode);

  std::string md =
      "| method | configuration | final: mean | every seed | best: mean | distinct at the end "
      "|\n|---|---|---|---|---|---|\n";
  Json rows = Json::array();
  auto run = results.begin();
  for (const Method& m : s.methods) {
    const std::vector<Choice> choices = grid(m);
    std::vector<Json> tried;
    std::size_t chosen = 0;
    for (const Choice& choice : choices) {
      Json row{{"method", m.name}, {"configuration", choice.text}, {"final", Json::array()}};
      double final = 0, best = 0, distinct = 0;
      for (int seed = 0; seed < s.seeds; ++seed, ++run) {
        const Readings r = read(*run);
        row["final"].push_back(r.final);
        final += r.final / s.seeds;
        best += r.best / s.seeds;
        distinct += run->rounds.back().distinct.value() / s.seeds;
      }
      row.update({{"final_mean", final}, {"best_mean", best}, {"distinct_mean", distinct}});
      tried.push_back(row);
      if (final > tried[chosen]["final_mean"].get<double>()) chosen = tried.size() - 1;
    }
    for (std::size_t i = 0; i < tried.size(); ++i) {
      Json& row = tried[i];
      row["chosen"] = i == chosen;
      std::string seeds;
      for (const Json& x : row["final"]) seeds += (seeds.empty() ? "" : ", ") + fixed(x, 4);
      const std::string mark = i == chosen && tried.size() > 1 ? "**" : "";
      md += "| " + m.name + " | " + mark + row["configuration"].get<std::string>() + mark + " | " +
            fixed(row["final_mean"], 4) + " | " + seeds + " | " + fixed(row["best_mean"], 4) + " | " +
            fixed(row["distinct_mean"], 2) + " |\n";
      rows.push_back(row);
    }
  }
  write_file(folder / "tuning.json", rows.dump(2) + '\n');
  write_file(folder / "tuning.md", md);
  return md;
}

}  // namespace banel
