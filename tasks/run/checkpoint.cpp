#include "tasks/run/checkpoint.h"

#include <charconv>

#include "nn/io/file.h"
#include "tasks/run/log.h"
#include "tensor/check.h"
#include "tensor/hash.h"

namespace banel {

namespace fs = std::filesystem;

namespace {

constexpr int format = 2;

Label attacker_label(const Label& attack) { return label_of("attacker", attack); }
Label region_label(const Label& attack, std::size_t number) {
  return label_of("failure model " + std::to_string(number), attack);
}

constexpr const char* mend = "; restore the file from a copy, or remove the folder and start over";

Json to_json(const Tally& tally) { return {{"strings", tally.strings}, {"rewards", tally.rewards}}; }

Tally tally_from(const Field& json) {
  const std::int64_t strings = json["strings"].count();
  return {strings, json["rewards"].integer(0, strings)};
}

Json to_json(const Grown& a) {
  return {{"finds", a.finds},
          {"found", a.found},
          {"fitted", a.fitted},
          {"asked", a.evaluations},
          {"recent", to_json(a.recent)}};
}

Grown grown_from(const Field& json, std::int64_t evaluations) {
  Grown a;
  for (const Field& i : json["finds"].items())
    a.finds.push_back(static_cast<std::size_t>(i.integer(0, evaluations - 1)));
  const std::int64_t found =
      json["found"].integer(std::max<std::int64_t>(1, std::ssize(a.finds)), evaluations);
  a.found = static_cast<std::size_t>(found);
  a.fitted = static_cast<std::size_t>(json["fitted"].integer(1, found));
  if (a.finds.empty()) json["finds"].refuse("is empty");
  a.evaluations = json["asked"].count();
  a.recent = tally_from(json["recent"]);
  return a;
}

Json to_json(const Search& s) {
  Json grown = Json::array();
  for (const Grown& a : s.grown) grown.push_back(to_json(a));
  return {{"grown", grown},
          {"united_at", s.united_at},
          {"steps", s.steps},
          {"barren", s.failed_searches},
          {"explored", s.explored}};
}

Search search_from(const Field& json, std::int64_t evaluations) {
  Search s{.united_at = json["united_at"].count(),
           .steps = static_cast<std::size_t>(json["steps"].count()),
           .failed_searches = static_cast<std::size_t>(json["barren"].count()),
           .explored = json["explored"].count()};
  for (const Field& a : json["grown"].items()) s.grown.push_back(grown_from(a, evaluations));
  return s;
}

std::uint64_t hash_from(const Field& field) {
  const std::string& text = field.text();
  std::uint64_t hash = 0;
  std::from_chars(text.data(), text.data() + text.size(), hash, 16);
  if (hex(hash) != text) field.refuse("is not 16 hexadecimal digits");
  return hash;
}

fs::path region_file(const fs::path& folder, std::size_t number, const Generator& model) {
  return folder / ("phi" + std::to_string(number) + "." + std::string(model.format()));
}

fs::path attacker_file(const fs::path& folder, const Generator& model) {
  return folder / ("attacker." + std::string(model.format()));
}

void save(const fs::path& file, const Generator& model, const Label& label) {
  write_file(file, labelled(model.state(), model.format(), label));
}

std::unique_ptr<Generator> load(const fs::path& file, const Generator& like, const Label& label) {
  const std::string bytes = read_file(file);
  check_label(bytes, like.format(), label, file.string());
  return like.with_state(bytes, file.string());
}

// A checkpoint with the states of its models.
std::string encoded(const AttackProgress& progress,
                    const std::vector<std::pair<std::string, std::string>>& models) {
  Json sizes = Json::object();
  std::string bytes;
  for (const auto& [name, state] : models) {
    sizes[name] = state.size();
    bytes += state;
  }
  const Json head{
      {"format", format}, {"progress", to_json(progress)}, {"models", sizes}, {"hash", hex(fnv1a(bytes))}};
  return head.dump() + '\n' + bytes;
}

struct Decoded {
  AttackProgress progress;
  std::map<std::string, std::string_view> models;  // into the text
};

Decoded decoded(std::string_view text, const std::string& where) {
  const std::size_t line = text.find('\n');
  ENSURE_AS(line != text.npos, InputError, where, "its first line has no end" << mend);
  const Json json = parse_json(text.substr(0, line), where);
  const Field head(json, where);
  head["format"].integer(format, format);
  Decoded result{parse_progress(head["progress"]), {}};
  text.remove_prefix(line + 1);
  if (hash_from(head["hash"]) != fnv1a(text)) head["hash"].refuse("is not that of the models behind it");
  for (const auto& [name, size] : head["models"].members()) {
    const auto bytes = static_cast<std::size_t>(size.integer(0, std::ssize(text)));
    result.models[name] = text.substr(0, bytes);
    text.remove_prefix(bytes);
  }
  ENSURE_AS(text.empty(), InputError, where, "there are bytes behind the last model" << mend);
  return result;
}

}  // namespace

Json to_json(const AttackProgress& p) {
  Json regions = Json::array();
  for (const auto& region : p.regions)
    regions.push_back({{"kappa", region.kappa}, {"tau", to_json_or_infinite(region.tau)}});
  return {{"rounds", p.rounds},
          {"metrics_bytes", p.metrics_bytes},
          {"nre", p.ledger.evaluations},
          {"ledger_hash", hex(p.ledger.hash)},
          {"finished", p.finished},
          {"regions", regions},
          {"current", to_json(p.current)},
          {"earlier", to_json(p.earlier)},
          {"since", to_json(p.since)},
          {"idle", p.idle},
          {"current_is_best", p.current_is_best},
          {"survivors", to_json(p.survivors)},
          {"search", to_json(p.search)}};
}

AttackProgress parse_progress(const Field& json) {
  AttackProgress p;
  p.rounds = static_cast<std::size_t>(json["rounds"].count());
  p.metrics_bytes = static_cast<std::size_t>(json["metrics_bytes"].count());
  p.ledger = {json["nre"].count(), hash_from(json["ledger_hash"])};
  p.finished = json["finished"].boolean();
  for (const Field& region : json["regions"].items())
    p.regions.push_back({region["kappa"].number(), number_or_infinite(region["tau"])});
  p.current = tally_from(json["current"]);
  p.earlier = tally_from(json["earlier"]);
  p.since = tally_from(json["since"]);
  p.idle = static_cast<std::size_t>(json["idle"].count());
  p.current_is_best = json["current_is_best"].boolean();
  p.survivors = tally_from(json["survivors"]);
  p.search = search_from(json["search"], p.ledger.evaluations);
  return p;
}

void save_attack(const fs::path& folder, const State& state, AttackProgress p, const Label& attack) {
  p.rounds = state.rounds;
  for (const Region& region : state.regions) p.regions.push_back({region.kappa, region.tau});
  if (!state.regions.empty()) {
    const Generator& phi = *state.regions.back().phi;
    save(region_file(folder, state.regions.size(), phi), phi, region_label(attack, state.regions.size()));
  }
  std::vector<std::pair<std::string, std::string>> models;
  if (p.finished) {
    save(attacker_file(folder, state.attacker()), state.attacker(), attacker_label(attack));
  } else {
    const Best& best = state.best;
    p.current = best.current.tally;
    p.earlier = best.earlier.tally;
    p.since = best.since;
    p.idle = best.idle;
    p.current_is_best = best.current_is_best;
    p.survivors = state.survivors;
    p.search = state.search;
    models.emplace_back("theta", state.theta->state());
    if (best.current.theta) models.emplace_back("current", best.current.theta->state());
    if (best.earlier.theta) models.emplace_back("earlier", best.earlier.theta->state());
    if (state.search.united) models.emplace_back("united", state.search.united->state());
    for (std::size_t k = 0; k < state.search.grown.size(); ++k)
      models.emplace_back("grown" + std::to_string(k), state.search.grown[k].theta->state());
  }
  write_file(folder / "checkpoint", encoded(p, models));
}

AttackProgress read_progress(const fs::path& folder) {
  const fs::path path = folder / "checkpoint";
  return fs::exists(path) ? decoded(read_file(path), path.string()).progress : AttackProgress{};
}

bool is_finished(const fs::path& folder) { return read_progress(folder).finished; }

SavedAttack load_attack(const fs::path& folder, const Generator& prior, const Label& attack) {
  const fs::path path = folder / "checkpoint";
  if (!fs::exists(path)) return {{}, {.theta = prior.clone()}};
  const std::string text = read_file(path), where = path.string();
  Decoded found = decoded(text, where);
  AttackProgress& p = found.progress;
  SavedAttack saved{p, {}};
  State& state = saved.state;
  state.rounds = p.rounds;
  for (const auto& [kappa, tau] : p.regions)
    state.regions.push_back({load(region_file(folder, state.regions.size() + 1, prior), prior,
                                  region_label(attack, state.regions.size() + 1)),
                             kappa, tau});
  if (p.finished) {
    state.theta = load(attacker_file(folder, prior), prior, attacker_label(attack));
    return saved;
  }
  const auto model = [&](const std::string& name) -> std::unique_ptr<Generator> {
    const auto bytes = found.models.find(name);
    if (bytes == found.models.end()) return nullptr;
    return prior.with_state(bytes->second, where + ": model " + name);
  };
  const auto candidate = [&](const std::string& name, const Tally& tally) -> Candidate {
    Candidate result{model(name), tally};
    ENSURE_AS((result.theta != nullptr) == (tally.strings > 0), InputError, where,
              "the model '" << name << "' and its tally do not belong together" << mend);
    return result;
  };
  state.theta = model("theta");
  ENSURE_AS(state.theta, InputError, where, "the model 'theta' is missing" << mend);
  state.best = {candidate("current", p.current), candidate("earlier", p.earlier), p.since, p.idle,
                p.current_is_best};
  state.survivors = p.survivors;
  state.search = p.search;
  state.search.united = model("united");
  ENSURE_AS((state.search.united != nullptr) == !p.search.grown.empty(), InputError, where,
            "the model 'united' and the attackers grown from finds do not belong together" << mend);
  for (std::size_t k = 0; k < state.search.grown.size(); ++k) {
    Grown& a = state.search.grown[k];
    a.theta = model("grown" + std::to_string(k));
    ENSURE_AS(a.theta, InputError, where, "the model 'grown" << k << "' is missing" << mend);
  }
  return saved;
}

}  // namespace banel
