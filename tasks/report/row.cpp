#include "tasks/report/row.h"

#include <algorithm>
#include <set>

#include "banel/ledger.h"
#include "nn/io/file.h"
#include "tensor/check.h"

namespace banel {

namespace fs = std::filesystem;

namespace {

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

std::optional<std::int64_t> count_if_any(const Field& field) {
  return field.value().is_null() ? std::optional<std::int64_t>() : field.count();
}

std::optional<double> number_if_any(const Field& field) {
  return field.value().is_null() ? std::optional<double>() : field.number();
}

// The success rate of the attacker that the paid evaluations point to.
double selected_of(const std::vector<RoundRecord>& rounds) {
  double selected = rounds.back().measured->value(), most = 0;
  for (std::size_t k = 0; k + 1 < rounds.size(); ++k) {
    const RoundRecord& next = rounds[k + 1];  // its evaluations judge the attacker of round k
    if (!rounds[k].measured || next.submitted == 0) continue;
    const double share = static_cast<double>(next.positives) / static_cast<double>(next.submitted);
    if (share > 0 && share >= most) {
      most = share;
      selected = rounds[k].measured->value();
    }
  }
  return selected;
}

// Whether readings are of fresh samples; otherwise they are of verdicts that were paid for.
bool samples_are_fresh(const fs::path& folder) {
  const fs::path path = folder / "config.json";
  const Json config = read_json(path);
  return Field(config, path.string())["samples"].count() > 0;
}

void add_rounds(Row& row, const std::vector<RoundRecord>& rounds, bool fresh) {
  row.selected = selected_of(rounds);
  for (const RoundRecord& round : rounds) {
    if (!round.measured) continue;
    const double rate = round.measured->value();
    row.best = std::max(row.best, rate);
    if (rate >= 0.5 && !row.to_half) row.to_half = round.nre;
  }
  const Measurement& final = *rounds.back().measured;
  row.final = final.value();
  row.samples = fresh && !final.exact ? final.success.n : 0;
  row.distinct = final.distinct.value();
  row.distinct_success = final.distinct_success.value();
  row.modes = final.modes;
  for (const auto& [name, rate] : final.also) row.also[name] = rate.value();
  row.cost = rounds.back().cost;
}

void add_ledger(Row& row, const std::vector<Evaluation>& evaluations) {
  std::set<Attempt> rewarded;
  for (std::size_t i = 0; i < evaluations.size(); ++i) {
    if (evaluations[i].verdict.reward != Reward::success) continue;
    if (!row.to_first) row.to_first = static_cast<std::int64_t>(i) + 1;
    rewarded.insert(evaluations[i].attempt);
  }
  row.paid_finds = std::ssize(rewarded);
  if (!evaluations.empty()) row.ledger_hash = hex(evaluations.back().hash);
}

}  // namespace

Row read_row(const fs::path& folder, const AttackResult& log, const Method& method, std::uint64_t seed,
             const BaseRate& base) {
  Row row{.method = method.name, .settings = values_of(method), .seed = seed, .base = base};
  row.seconds = log.seconds;
  add_ledger(row, read_ledger(folder / "ledger.jsonl").evaluations);
  if (log.rounds.empty()) {
    row.ended = why_no_round(method);
    row.final = row.selected = row.best = base.value;
    return row;
  }
  ENSURE_AS(log.rounds.back().measured, InputError, (folder / "metrics.jsonl").string(),
            "its last round was not measured; run the attack to its end");
  add_rounds(row, log.rounds, samples_are_fresh(folder));
  row.evaluations = method.consults_oracle ? log.rounds.back().nre : 0;
  return row;
}

Json to_json(const Row& r) {
  Json settings = Json::object(), modes = Json::object(), counts = Json::object(), also = Json::object();
  std::int64_t distinct = 0;
  for (const auto& [key, value] : r.settings) settings[key] = to_json(value);
  for (const ModeCount& mode : r.modes) distinct += mode.distinct;
  for (const ModeCount& mode : r.modes) {
    modes[mode.name] = distinct ? static_cast<double>(mode.distinct) / static_cast<double>(distinct) : 0.0;
    counts[mode.name] = {mode.samples, mode.distinct};
  }
  for (const auto& [name, rate] : r.also) also[name] = rate;
  Json json{{"task", r.task},
            {"panel", r.panel},
            {"instance", r.instance},
            {"variant", r.variant},
            {"method", r.method},
            {"settings", settings},
            {"seed", r.seed},
            {"ended", r.ended.empty() ? Json(nullptr) : Json(r.ended)},
            {"base", r.base.value},
            {"base_lo", r.base.lo},
            {"base_hi", r.base.hi},
            {"base_samples", r.base.samples},
            {"final", r.final},
            {"selected", r.selected},
            {"best", r.best},
            {"samples", r.samples},
            {"to_first", or_null(r.to_first)},
            {"to_half", or_null(r.to_half)},
            {"distinct", or_null(r.distinct)},
            {"distinct_success", or_null(r.distinct_success)},
            {"paid_finds", r.paid_finds},
            {"modes", modes},
            {"mode_counts", counts},
            {"also", also},
            {"evaluations", r.evaluations},
            {"seconds", r.seconds},
            {"tokens", r.cost.tokens},
            {"flops", r.cost.flops},
            {"ledger_hash", r.ledger_hash}};
  if (!r.warning.empty()) json["warning"] = r.warning;
  return json;
}

Row row_from(const Field& f) {
  Row r{.task = f["task"].text(), .panel = f["panel"].text()};
  r.instance = static_cast<std::uint64_t>(f["instance"].count());
  r.variant = f["variant"].text();
  r.method = f["method"].text();
  for (const auto& [key, value] : f["settings"].members()) r.settings.emplace(key, value_from(value));
  r.seed = static_cast<std::uint64_t>(f["seed"].count());
  if (!f["ended"].value().is_null()) r.ended = f["ended"].text();
  r.base = {f["base"].number(), f["base_lo"].number(), f["base_hi"].number(), f["base_samples"].count()};
  r.final = f["final"].number();
  r.selected = f["selected"].number();
  r.best = f["best"].number();
  r.samples = f["samples"].count();
  r.to_first = count_if_any(f["to_first"]);
  r.to_half = count_if_any(f["to_half"]);
  r.distinct = number_if_any(f["distinct"]);
  r.distinct_success = number_if_any(f["distinct_success"]);
  r.paid_finds = f["paid_finds"].count();
  for (const auto& [name, counts] : f["mode_counts"].members()) {
    const std::vector<Field> pair = counts.items();
    if (pair.size() != 2) counts.refuse("is not a pair of counts");
    r.modes.push_back({name, pair[0].count(), pair[1].count()});
  }
  for (const auto& [name, rate] : f["also"].members()) r.also[name] = rate.number();
  r.evaluations = f["evaluations"].count();
  r.seconds = f["seconds"].number();
  r.cost = {f["tokens"].count(), f["flops"].number()};
  r.ledger_hash = f["ledger_hash"].text();
  if (f.has("warning")) r.warning = f["warning"].text();
  return r;
}

std::string rows_text(const std::vector<Row>& rows) {
  std::string text;
  for (const Row& row : rows) text += (text.empty() ? "[\n" : ",\n") + to_json(row).dump();
  return (text.empty() ? "[" : text + '\n') + "]\n";
}

std::vector<Row> parse_rows(std::string_view text, std::string_view where) {
  ENSURE_AS(text == "[]\n" || (text.starts_with("[\n") && text.ends_with("\n]\n")), InputError, where,
            "is no array with a row on each line; make it again with `banel report`");
  std::vector<Row> rows;
  std::size_t number = 1;
  for (std::size_t begin = text.find('\n') + 1, end; begin + 2 < text.size(); begin = end + 1) {
    end = text.find('\n', begin);
    std::string_view line = text.substr(begin, end - begin);
    if (line.ends_with(',')) line.remove_suffix(1);
    const Json row = parse_json(line, where, ++number);
    rows.push_back(row_from(Field(row, std::string(where) + ": line " + std::to_string(number))));
  }
  return rows;
}

}  // namespace banel
