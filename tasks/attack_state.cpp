#include "tasks/attack_state.h"

#include <nlohmann/json.hpp>

#include "nn/checkpoint.h"
#include "tasks/measure.h"
#include "tensor/check.h"

namespace banel {

namespace fs = std::filesystem;

void save_attack(const fs::path& folder, const State& state, const SavedAttack& saved) {
  Json regions = Json::array();
  for (std::size_t k = 0; k < state.regions.size(); ++k) {
    const Region& region = state.regions[k];
    const fs::path file = folder / ("phi" + std::to_string(k + 1) + ".safetensors");
    if (k + 1 == state.regions.size())
      save_checkpoint(file, dynamic_cast<const GptGenerator&>(*region.phi).model());
    regions.push_back({{"kappa", region.kappa}, {"tau", region.tau}});
  }
  save_checkpoint(folder / "attacker.safetensors", dynamic_cast<const GptGenerator&>(*state.theta).model(),
                  {{"rounds", std::to_string(state.rounds)},
                   {"nre", std::to_string(saved.ledger.evaluations)},
                   {"ledger_hash", hex(saved.ledger.hash)},
                   {"metrics_bytes", std::to_string(saved.metrics_bytes)},
                   {"finished", saved.finished ? "yes" : "no"},
                   {"regions", regions.dump()}});
}

SavedAttack load_attack(const fs::path& folder, const Method& method, const Start& start) {
  const auto generator = [&](GPT model) {
    return std::make_unique<GptGenerator>(std::move(model), method.fit, method.temperature, start.cost);
  };
  SavedAttack saved;
  const fs::path path = folder / "attacker.safetensors";
  if (!fs::exists(path)) {
    saved.theta = generator(start.attacker);
    return saved;
  }
  Checkpoint checkpoint = load_checkpoint(path);
  try {
    saved.rounds = std::stoul(checkpoint.metadata.at("rounds"));
    saved.ledger = {std::stol(checkpoint.metadata.at("nre")),
                    std::stoull(checkpoint.metadata.at("ledger_hash"), nullptr, 16)};
    saved.metrics_bytes = std::stoul(checkpoint.metadata.at("metrics_bytes"));
    saved.finished = checkpoint.metadata.at("finished") == "yes";
    for (const Json& region : Json::parse(checkpoint.metadata.at("regions"))) {
      const fs::path file = folder / ("phi" + std::to_string(saved.regions.size() + 1) + ".safetensors");
      saved.regions.push_back({generator(load_checkpoint(file).model), region.at("kappa").get<double>(),
                               region.at("tau").get<double>()});
    }
  } catch (const std::logic_error& error) {
    ENSURE_AS(false, InputError, path.string(),
              "its metadata is damaged (" << error.what() << "); remove the folder and start again");
  } catch (const Json::exception& error) {
    ENSURE_AS(false, InputError, path.string(),
              "its metadata is damaged (" << error.what() << "); remove the folder and start again");
  }
  saved.theta = generator(std::move(checkpoint.model));
  return saved;
}

}  // namespace banel
