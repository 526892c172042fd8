#include "tasks/run/attack_state.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "nn/io/json.h"
#include "tensor/check.h"
#include "tensor/hash.h"

namespace banel {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t most = std::int64_t{1} << 53;
constexpr const char* mend = "; restore the file from a copy, or remove the folder and start again";

const std::string& text_of(const Metadata& metadata, const char* key, std::string_view where) {
  const auto found = metadata.find(key);
  ENSURE_AS(found != metadata.end(), InputError, where, "the metadata has no '" << key << "'" << mend);
  return found->second;
}

std::uint64_t hash_of(const std::string& text, std::string_view where) {
  std::uint64_t hash = 0;
  std::from_chars(text.data(), text.data() + text.size(), hash, 16);
  ENSURE_AS(hex(hash) == text, InputError, where,
            "metadata 'ledger_hash' is not 16 hexadecimal digits" << mend);
  return hash;
}

std::vector<AttackProgress::Threshold> thresholds_from(const std::string& text, std::string_view where) {
  const std::string place = std::string(where) + ": metadata 'regions'";
  const Json json = parse_json(text, place);
  std::vector<AttackProgress::Threshold> regions;
  for (const Field& region : Field(json, place).items())
    regions.push_back({region["kappa"].number(), region["tau"].number()});
  return regions;
}

// The numbers of Best and of scouts, their names in the metadata and the largest they can be, stated once.
template <class Progress, class Visit>
void visit_counts(Progress& p, Visit visit) {
  const auto visit_earned = [&](const std::string& name, auto& earned) {
    visit(name + "_strings", earned.strings, most);
    visit(name + "_rewards", earned.rewards, earned.strings);
  };
  visit_earned("best", p.best);
  visit_earned("earlier", p.earlier);
  visit_earned("since", p.since);
  visit("best_idle", p.best_idle, most);
  visit("best_asked", p.best_asked, std::int64_t{1});
  visit_earned("scout", p.scouts);
}

fs::path region_file(const fs::path& folder, std::size_t number) {
  return folder / ("phi" + std::to_string(number) + ".safetensors");
}

}  // namespace

const GPT& model_of(const Generator& generator) {
  return dynamic_cast<const GptGenerator&>(generator).model();
}

Metadata to_metadata(const AttackProgress& progress) {
  Json regions = Json::array();
  for (const auto& region : progress.regions)
    regions.push_back({{"kappa", region.kappa}, {"tau", region.tau}});
  Metadata metadata{{"rounds", std::to_string(progress.rounds)},
                    {"nre", std::to_string(progress.ledger.evaluations)},
                    {"ledger_hash", hex(progress.ledger.hash)},
                    {"metrics_bytes", std::to_string(progress.metrics_bytes)},
                    {"finished", progress.finished ? "yes" : "no"},
                    {"regions", regions.dump()}};
  visit_counts(progress, [&](const std::string& key, std::int64_t value, std::int64_t) {
    metadata[key] = std::to_string(value);
  });
  return metadata;
}

AttackProgress parse_progress(const Metadata& metadata, std::string_view where) {
  AttackProgress progress;
  progress.rounds = static_cast<std::size_t>(metadata_integer(metadata, "rounds", most, where));
  progress.metrics_bytes = static_cast<std::size_t>(metadata_integer(metadata, "metrics_bytes", most, where));
  progress.ledger = {metadata_integer(metadata, "nre", most, where),
                     hash_of(text_of(metadata, "ledger_hash", where), where)};
  const std::string& finished = text_of(metadata, "finished", where);
  ENSURE_AS(finished == "yes" || finished == "no", InputError, where,
            "metadata 'finished' is neither yes nor no" << mend);
  progress.finished = finished == "yes";
  progress.regions = thresholds_from(text_of(metadata, "regions", where), where);
  visit_counts(progress, [&](const std::string& key, std::int64_t& value, std::int64_t highest) {
    value = metadata_integer(metadata, key, highest, where);
  });
  return progress;
}

void save_attack(const fs::path& folder, const State& state, AttackProgress progress) {
  progress.rounds = state.rounds;
  for (const Region& region : state.regions) progress.regions.push_back({region.kappa, region.tau});
  if (!state.regions.empty())
    save_checkpoint(region_file(folder, state.regions.size()), model_of(*state.regions.back().phi));
  const fs::path path = folder / "attacker.safetensors";
  const Best& best = state.best;
  if (progress.finished) return save_checkpoint(path, model_of(state.attacker()), to_metadata(progress));
  progress.best = best.now.earned;
  progress.earlier = best.earlier.earned;
  progress.since = best.since;
  progress.best_idle = static_cast<std::int64_t>(best.idle);
  progress.best_asked = best.asked;
  progress.scouts = state.survivors;
  std::map<std::string, Reals> others;
  if (best.now.theta) others["best"] = model_of(*best.now.theta).parameters.values;
  if (best.earlier.theta) others["earlier"] = model_of(*best.earlier.theta).parameters.values;
  save_checkpoint(path, model_of(*state.theta), to_metadata(progress), nullptr, others);
}

SavedAttack load_attack(const fs::path& folder, const Method& method, const Start& start) {
  const auto generator = [&](GPT model) {
    return std::make_unique<GptGenerator>(std::move(model), method.fit, method.temperature, start.cost);
  };
  const fs::path path = folder / "attacker.safetensors";
  if (!fs::exists(path)) return {{}, generator(start.attacker), {}, {}, {}};
  const auto load = [&](const fs::path& file) {
    Checkpoint checkpoint = load_checkpoint(file);
    ENSURE_AS(checkpoint.model.config() == start.attacker.config(), InputError, file.string(),
              "is a network of other sizes than the attacker" << mend);
    return checkpoint;
  };
  Checkpoint checkpoint = load(path);
  SavedAttack saved{parse_progress(checkpoint.metadata, path.string()), nullptr, {}, {}, {}};
  for (const auto& [kappa, tau] : saved.progress.regions)
    saved.regions.push_back(
        {generator(load(region_file(folder, saved.regions.size() + 1)).model), kappa, tau});
  const AttackProgress& p = saved.progress;
  const auto tried = [&](const char* name, const Earned& earned) -> Tried {
    const auto weights = checkpoint.others.find(name);
    ENSURE_AS((weights != checkpoint.others.end()) == (earned.strings > 0), InputError, path.string(),
              "the weights '" << name << "' and what they earned do not belong together" << mend);
    if (!earned.strings) return {};
    GPT model = checkpoint.model;
    model.parameters.values = weights->second;
    return {generator(std::move(model)), earned};
  };
  saved.best = {tried("best", p.best), tried("earlier", p.earlier), p.since,
                static_cast<std::size_t>(p.best_idle), p.best_asked == 1};
  saved.survivors = p.scouts;
  saved.theta = generator(std::move(checkpoint.model));
  return saved;
}

}  // namespace banel
