#include "tasks/report/table.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "tasks/base/stats.h"
#include "tasks/base/text.h"
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
             .distinct_success = rounds.back().distinct_success.value(),
             .tokens = rounds.back().tokens,
             .flops = rounds.back().flops};
  r.selected = r.final;
  double most = 0;
  for (std::size_t k = 0; k < rounds.size(); ++k) {
    if (!rounds[k].measured) continue;
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

std::vector<double> values_of(const MethodRow& row, const auto& reading) {
  std::vector<double> values;
  for (const Readings& r : row.runs) values.push_back(static_cast<double>(reading(r)));
  return values;
}

double mean_of(const MethodRow& row, auto Readings::*reading) {
  return mean(values_of(row, [reading](const Readings& r) { return r.*reading; }));
}

// The values of a reading that not every run has; empty if one has none.
std::vector<double> values_if(const MethodRow& row, std::optional<double> Readings::*reading) {
  const bool all =
      std::all_of(row.runs.begin(), row.runs.end(), [&](const Readings& r) { return r.*reading; });
  return all ? values_of(row, [reading](const Readings& r) { return *(r.*reading); }) : std::vector<double>{};
}

Json mean_if(const MethodRow& row, std::optional<double> Readings::*reading) {
  const std::vector<double> values = values_if(row, reading);
  return values.empty() ? Json(nullptr) : Json(mean(values));
}

Summary summarise(const MethodRow& row, double Readings::*reading) {
  Summary s;
  s.values = values_of(row, [reading](const Readings& r) { return r.*reading; });
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

// p of "banel ends higher than this row", where values_of_row picks the reading; null if they cannot be
// compared.
Json comparison(const Table& table, const MethodRow& row, const auto& values_of_row) {
  for (const MethodRow& banel : table.rows) {
    const std::vector<double> ours = values_of_row(banel), theirs = values_of_row(row);
    if (banel.method != "banel" || row.method == "banel" || theirs.empty() || ours.size() != theirs.size())
      continue;
    Rng rng(0, "permutation");
    return paired_permutation_test(ours, theirs, rng);
  }
  return nullptr;
}

// The row of the attacker before any attack: no evaluation, every reading is the base rate.
MethodRow pretrained_row(const Table& table) {
  Readings base;
  base.final = base.selected = base.best = table.base.value();
  return {"pretrained", "the attacker before any attack", "0.0004",
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
  const auto final_rates = [](const MethodRow& of) {
    return values_of(of, [](const Readings& r) { return r.final; });
  };
  const auto distinct_successes = [](const MethodRow& of) {
    return values_if(of, &Readings::distinct_success);
  };
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
          {"distinct", mean_if(row, &Readings::distinct)},
          {"distinct_success", mean_if(row, &Readings::distinct_success)},
          {"p_banel_higher", comparison(table, row, final_rates)},
          {"p_banel_more_distinct", comparison(table, row, distinct_successes)},
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
          {"description", row.description},
          {"paper", row.paper}};
}

std::string rate_text(double x) { return formatted(x != 0 && x < 0.01 ? "%.5f" : "%.4f", x); }

// The cells of a row as text; a dash where there is nothing to tell.
struct Cells {
  const Json& row;
  std::string rate(const char* key) const {
    return row.at(key).is_null() ? "-" : rate_text(row.at(key).get<double>());
  }
  std::string number(const char* key, const char* format) const {
    return row.at(key).is_null() ? "-" : formatted(format, row.at(key).get<double>());
  }
  std::string with_interval(const std::string& key) const {
    return rate(key.c_str()) + " (" + rate((key + "_lo").c_str()) + "–" + rate((key + "_hi").c_str()) + ")";
  }
  std::string factor(const std::string& key) const {
    if (row.at(key).is_null()) return "-";
    const auto text = [&](const std::string& k) {
      const double x = row.at(k).get<double>();
      return x < 10 ? fixed(x, 2) : grouped(std::llround(x));
    };
    return text(key) + " (" + text(key + "_lo") + "–" + text(key + "_hi") + ")";
  }
  std::string every_seed() const {
    if (row.at("method") == "pretrained") return "-";  // measured once
    std::string text;
    for (const Json& x : row.at("final")) text += (text.empty() ? "" : ", ") + rate_text(x.get<double>());
    return text;
  }
};

std::string markdown_row(const std::vector<std::string>& cells) {
  std::string line = "|";
  for (const std::string& cell : cells) line += ' ' + cell + " |";
  return line + '\n';
}

std::string markdown_head(const std::vector<std::string>& titles) {
  return markdown_row(titles) + markdown_row(std::vector<std::string>(titles.size(), "---"));
}

// The statistics and costs for which the first table has no room.
std::string details(const std::vector<Json>& rows) {
  std::string md =
      markdown_head({"method", "final: median", "std", "IQM (95 %)", "geometric mean", "selected: mean",
                     "best: mean", "× pretrained, best (95 %)", "distinct", "tokens", "seconds"});
  for (const Json& row : rows) {
    const Cells c{row};
    md += markdown_row({row.at("method").get<std::string>(), c.rate("final_median"), c.rate("final_std"),
                        c.with_interval("final_iqm"), c.rate("final_geometric_mean"), c.rate("selected_mean"),
                        c.rate("best_mean"), c.factor("factor_best"), c.number("distinct", "%.2f"),
                        c.number("tokens", "%.2e"), c.number("seconds", "%.1f")});
  }
  return md;
}

std::vector<Json> sorted_rows(const Table& table) {
  std::vector<Json> rows;
  for (const MethodRow& row : all_rows(table)) rows.push_back(row_json(table, row));
  std::stable_sort(rows.begin() + 1, rows.end(), [](const Json& a, const Json& b) {
    return a.at("final_mean").get<double>() > b.at("final_mean").get<double>();
  });
  return rows;
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
  std::string csv =
      "method,seed,nre,final,selected,best,base_rate,distinct,distinct_success,tokens,flops,seconds,quick\n";
  for (const MethodRow& row : all_rows(table))
    for (std::size_t i = 0; i < row.runs.size(); ++i) {
      const Readings& r = row.runs[i];
      csv += row.method + ',' + std::to_string(row.seeds[i]) + ',' + std::to_string(r.nre);
      for (double x : {r.final, r.selected, r.best, table.base.value()}) csv += ',' + Json(x).dump();
      for (const auto& x : {r.distinct, r.distinct_success}) csv += ',' + (x ? Json(*x).dump() : "");
      csv += ',' + std::to_string(r.tokens) + ',' + Json(r.flops).dump() + ',' + Json(r.seconds).dump();
      csv += table.quick ? ",yes\n" : ",no\n";
    }
  return csv;
}

std::string main_table(const Table& table) {
  std::string md =
      markdown_head({"method", "paper", "final: mean", "every seed", "× pretrained, final (95 %)", "p",
                     "distinct successes", "p", "best: ×", "evaluations", "FLOPs"});
  for (const Json& row : sorted_rows(table)) {
    const Cells c{row};
    const std::string name = row.at("method").get<std::string>();
    md += markdown_row({name == "banel" ? "**banel**" : name, row.at("paper").get<std::string>(),
                        c.rate("final_mean"), c.every_seed(), c.factor("factor_final"),
                        c.number("p_banel_higher", "%.3f"), c.rate("distinct_success"),
                        c.number("p_banel_more_distinct", "%.3f"), c.number("factor_best", "%.1f"),
                        grouped(row.at("nre").get<std::int64_t>()), c.number("flops", "%.1e")});
  }
  return md;
}

std::string to_markdown(const Table& table) {
  std::string md =
      "# " + table.title +
      (table.quick ? ": quick run\n\n**A check that everything works, not a result.**" : "") + "\n\n" +
      table.note + "\n\n" + main_table(table) +
      "\nDistinct successes: different questions that succeed, over the number of final samples. "
      "p: banel ends higher, paired permutation test over seeds, of the final rate and of the "
      "distinct successes.\n\nMore statistics, and the cost of one run (mean over seeds; "
      "measuring and the target's own work excluded):\n\n" +
      details(sorted_rows(table)) + "\nMethods:\n\n";
  for (const MethodRow& row : all_rows(table)) {
    md += "- " + row.method + ": " + row.description + "; seeds";
    for (int seed : row.seeds) md += ' ' + std::to_string(seed);
    md += '\n';
  }
  return md;
}

}  // namespace banel
