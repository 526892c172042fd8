#include "tasks/table.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "tasks/stats.h"
#include "tasks/text.h"
#include "tensor/check.h"

namespace banel {

Readings read(const AttackResult& result) {
  ENSURE(!result.rounds.empty(), "table", "an attack without a single round cannot be read");
  const auto& rounds = result.rounds;
  Readings r{.final = rounds.back().success.value(),
             .selected = 0,
             .best = 0,
             .nre = rounds.back().nre,
             .seconds = result.seconds,
             .distinct = rounds.back().distinct.value(),
             .tokens = rounds.back().tokens,
             .flops = rounds.back().flops};
  r.selected = r.final;
  double most = 0;
  for (std::size_t k = 0; k < rounds.size(); ++k) {
    r.best = std::max(r.best, rounds[k].success.value());
    if (k + 1 == rounds.size() || rounds[k + 1].submitted == 0)
      continue;  // the next round's evaluations judge attacker k
    const double share =
        static_cast<double>(rounds[k + 1].positives) / static_cast<double>(rounds[k + 1].submitted);
    if (share > 0 && share >= most) {
      most = share;
      r.selected = rounds[k].success.value();
    }
  }
  return r;
}

namespace {

struct Summary {
  std::vector<double> values;
  double mean = 0, median = 0, deviation = 0, iqm = 0, geometric = 0;
  Interval interval{}, iqm_interval{};
};

template <class Field>
std::vector<double> values_of(const MethodRow& row, Field Readings::*reading) {
  std::vector<double> values;
  for (const Readings& r : row.runs) values.push_back(static_cast<double>(r.*reading));
  return values;
}

double mean_of(const MethodRow& row, auto Readings::*reading) { return mean(values_of(row, reading)); }

Summary summarise(const MethodRow& row, double Readings::*reading) {
  Summary s;
  s.values = values_of(row, reading);
  s.mean = mean(s.values);
  s.median = median(s.values);
  s.deviation = s.values.size() > 1 ? sample_deviation(s.values) : 0;
  s.iqm = interquartile_mean(s.values);
  s.geometric = geometric_mean(s.values);
  Rng rng(0, "bootstrap");
  s.interval = bootstrap(
      s.values, [](std::span<const double> v) { return mean(v); }, rng);
  s.iqm_interval = bootstrap(s.values, interquartile_mean, rng);
  return s;
}

// p of "banel ends higher than this row"; null if they cannot be compared.
Json comparison(const Table& table, const MethodRow& row) {
  for (const MethodRow& banel : table.rows)
    if (banel.method == "banel" && row.method != "banel" && banel.runs.size() == row.runs.size()) {
      Rng rng(0, "permutation");
      return paired_permutation_test(values_of(banel, &Readings::final), values_of(row, &Readings::final),
                                     rng);
    }
  return nullptr;
}

// The row of the attacker before any attack: no evaluation, every reading is the base rate.
MethodRow pretrained_row(const Table& table) {
  Readings base;
  base.final = base.selected = base.best = table.base.value();
  return {"pretrained", "the attacker before any attack",
          table.rows.empty() ? std::vector<int>{1} : table.rows[0].seeds,
          std::vector<Readings>(table.rows.empty() ? 1 : table.rows[0].runs.size(), base)};
}

std::vector<MethodRow> all_rows(const Table& table) {
  std::vector<MethodRow> rows{pretrained_row(table)};
  rows.insert(rows.end(), table.rows.begin(), table.rows.end());
  return rows;
}

Json row_json(const Table& table, const MethodRow& row) {
  const double base = table.base.value();
  const Summary final = summarise(row, &Readings::final), selected = summarise(row, &Readings::selected),
                best = summarise(row, &Readings::best);
  std::int64_t nre = 0;
  for (const Readings& r : row.runs) nre = std::max(nre, r.nre);
  const auto factor = [base](double x) { return base > 0 ? Json(x / base) : Json(nullptr); };
  return {{"method", row.method},
          {"seeds", row.seeds},
          {"nre", nre},
          {"final_mean", final.mean},
          {"final_median", final.median},
          {"final_std", final.deviation},
          {"selected_mean", selected.mean},
          {"best_mean", best.mean},
          {"best_median", best.median},
          {"best_std", best.deviation},
          {"factor_best", factor(best.mean)},
          {"factor_final", factor(final.mean)},
          {"base_rate", base},
          {"seconds", mean_of(row, &Readings::seconds)},
          {"tokens", mean_of(row, &Readings::tokens)},
          {"flops", mean_of(row, &Readings::flops)},
          {"distinct", mean_of(row, &Readings::distinct)},
          {"p_banel_higher", comparison(table, row)},
          {"final", final.values},
          {"selected", selected.values},
          {"best", best.values},
          {"final_iqm", final.iqm},
          {"final_iqm_lo", final.iqm_interval.lo},
          {"final_iqm_hi", final.iqm_interval.hi},
          {"final_geometric_mean", final.geometric},
          {"final_lo", final.interval.lo},
          {"final_hi", final.interval.hi},
          {"factor_final_lo", factor(final.interval.lo)},
          {"factor_final_hi", factor(final.interval.hi)},
          {"factor_best_lo", factor(best.interval.lo)},
          {"factor_best_hi", factor(best.interval.hi)},
          {"description", row.description}};
}

std::string rate_text(double x) { return formatted(x != 0 && x < 0.01 ? "%.5f" : "%.4f", x); }

std::string factor_text(const Json& row, const std::string& key) {
  if (row.at(key).is_null()) return "-";
  const auto number = [&](const std::string& k) {
    const double x = row.at(k).get<double>();
    return formatted(x < 10 ? "%.2f" : "%.0f", x);
  };
  return number(key) + " (" + number(key + "_lo") + "–" + number(key + "_hi") + ")";
}

}  // namespace

Json to_json(const Table& table) {
  Json rows = Json::array();
  for (const MethodRow& row : all_rows(table)) {
    rows.push_back(row_json(table, row));
    rows.back()["quick"] = table.quick;
  }
  return rows;
}

std::string to_csv(const Table& table) {
  std::string csv = "method,seed,nre,final,selected,best,base_rate,distinct,tokens,flops,seconds,quick\n";
  for (const MethodRow& row : all_rows(table))
    for (std::size_t i = 0; i < row.runs.size(); ++i) {
      const Readings& r = row.runs[i];
      csv += row.method + ',' + std::to_string(row.seeds[i]) + ',' + std::to_string(r.nre);
      for (double x : {r.final, r.selected, r.best, table.base.value(), r.distinct})
        csv += ',' + Json(x).dump();
      csv += ',' + std::to_string(r.tokens) + ',' + Json(r.flops).dump() + ',' + Json(r.seconds).dump();
      csv += table.quick ? ",yes\n" : ",no\n";
    }
  return csv;
}

std::string to_markdown(const Table& table) {
  std::string md = "# " + table.title +
                   (table.quick ? ": quick run\n\n**A check that everything works, not a result.**" : "") +
                   "\n\n" + table.note + "\n\n";
  md +=
      "| method | final: mean | median | std | IQM (95 %) | geometric mean | × pretrained, final (95 %) | p "
      "(banel higher) "
      "| selected: mean | best: mean | × pretrained, best (95 %) "
      "|\n|---|---|---|---|---|---|---|---|---|---|---|\n";
  std::string costs =
      "\nCost of one run (mean over seeds; measuring and the target's own work excluded):\n\n"
      "| method | evaluations | tokens | FLOPs | seconds | distinct final samples "
      "|\n|---|---|---|---|---|---|\n";
  std::string seeds = "\nFinal success rate of every seed:\n\n";
  for (const MethodRow& row : all_rows(table)) {
    const Json j = row_json(table, row);
    const auto number = [&](const char* key) { return j.at(key).get<double>(); };
    const auto rate = [&](const char* key) { return " | " + rate_text(number(key)); };
    const Json& p = j.at("p_banel_higher");
    md += "| " + row.method + rate("final_mean") + rate("final_median") + rate("final_std") +
          rate("final_iqm") + " (" + rate_text(number("final_iqm_lo")) + "–" +
          rate_text(number("final_iqm_hi")) + ")" + rate("final_geometric_mean") + " | " +
          factor_text(j, "factor_final") + " | " + (p.is_null() ? "-" : formatted("%.3f", p.get<double>())) +
          rate("selected_mean") + rate("best_mean") + " | " + factor_text(j, "factor_best") + " |\n";
    costs += "| " + row.method + " | " + std::to_string(j.at("nre").get<std::int64_t>()) + " | " +
             formatted("%.2e", number("tokens")) + " | " + formatted("%.2e", number("flops")) + " | " +
             formatted("%.1f", number("seconds")) + " | " + formatted("%.2f", number("distinct")) + " |\n";
    seeds += "- " + row.method + " (" + row.description + "):";
    for (std::size_t i = 0; i < row.runs.size(); ++i)
      seeds += (i ? ", " : " ") + std::to_string(row.seeds[i]) + ": " + rate_text(row.runs[i].final);
    seeds += '\n';
  }
  return md + costs + seeds;
}

}  // namespace banel
