// What the registry entries of methods.cpp and policies.cpp are made of: the settings that a kind of method
// uses, and how its learner is made.
//   Method m{"mine", "one sentence", learner_from_prior<Finds>(), round_keys() + Keys{"theta_rate"}};
#pragma once
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "tasks/model/method.h"
#include "tasks/run/rnd.h"

namespace banel {

using Make = std::function<std::unique_ptr<Learner>(const Method&, const Start&)>;
using MakeNovelty = std::function<std::shared_ptr<Novelty>(const Method&, const Start&)>;
using Keys = std::vector<std::string>;

inline Keys operator+(Keys a, const Keys& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

inline Keys without(Keys keys, const std::string& key) {
  std::erase(keys, key);
  return keys;
}

inline Keys counted() { return {"budget"}; }
inline Keys round_keys() { return counted() + Keys{"m", "screen"}; }
inline Keys rnd_keys() { return {"novelty_epochs", "novelty_rate"}; }
inline Keys count_keys() { return {"novelty_order", "novelty_c"}; }

inline std::shared_ptr<Novelty> count(const Method& m, const Start&) {
  return std::make_shared<PseudoCounts>(static_cast<std::size_t>(m.novelty.order), m.novelty.c);
}

inline std::shared_ptr<Novelty> rnd(const Method& m, const Start& start) {
  return std::make_shared<Rnd>(as_gpt(start.prior, m.name), m.novelty, start.seed, start.cost);
}

inline std::unique_ptr<Generator> counted_prior(const Start& start) {
  std::unique_ptr<Generator> prior = start.prior.clone();
  prior->count_cost(start.cost);
  return prior;
}

template <class Kind, class... With>
Make learner(With... with) {
  return [=](const Method&, const Start&) { return std::make_unique<Kind>(with...); };
}

template <class Kind>
Make learner_from_prior() {
  return [](const Method&, const Start& start) { return std::make_unique<Kind>(counted_prior(start)); };
}

// Policy gradients, of policies.cpp: on novelty bonuses, on rewards, against failures.
void add_policies(std::vector<Method>&);

}  // namespace banel
