// The built-in methods that are policy gradients.
#include "banel/policy.h"
#include "tasks/run/method_parts.h"

namespace banel {

namespace {

Keys policy_keys() { return round_keys() + Keys{"theta_rate", "theta_batch"}; }

Make bonus_gradient(MakeNovelty novelty) {
  return [novelty = std::move(novelty)](const Method& m, const Start& start) {
    return std::make_unique<BonusGradient>(novelty(m, start), counted_prior(start));
  };
}

Method policy(Method m, double rate, int batch) {
  m.uses = policy_keys() + m.uses;
  m.screen = "none";
  m.settings.theta.rate = rate;
  m.settings.theta.batch = batch;
  m.settings.kl = 1;
  return m;
}

Method with_rollback(Method m, std::string name) {
  m.name = std::move(name);
  m.sentence += ", and the rollback of banel";
  m.uses.emplace_back("patience");
  m.settings.patience = 3;
  m.paper = {};
  return m;
}

void add_bonus_policies(std::vector<Method>& all) {
  Method counts = policy({"count", "policy gradient on pseudo-counts, with a KL penalty",
                          bonus_gradient(count), count_keys() + Keys{"kl"}},
                         3e-3, 50);
  counts.settings.kl = 0.3;
  counts.paper = {"addition", 0.00058, 1.45};
  all.push_back(counts);
  all.push_back(with_rollback(counts, "count-rollback"));
  for (const int epochs : {1, 10, 100}) {
    Method m = policy({epochs == 1 ? "rnd" : "rnd-" + std::to_string(epochs),
                       "policy gradient on random network distillation (predictor epochs: " +
                           std::to_string(epochs) + "), with a KL penalty",
                       bonus_gradient(rnd), rnd_keys() + Keys{"kl"}},
                      3e-3, 50);
    m.novelty.epochs = epochs;
    if (epochs == 1) m.paper = {"addition", 0.00084, 2.1};
    all.push_back(m);
    if (epochs == 1) all.push_back(with_rollback(m, "rnd-rollback"));
  }
}

void add_reward_policies(std::vector<Method>& all) {
  all.push_back(policy({"reinforce", "policy gradient on the bare reward; no gradient while it is 0",
                        learner<RewardGradient>(Baseline::none)},
                       1e-3, 50));
  all.push_back(
      policy({"grpo", "group-relative policy gradient on the bare reward; no gradient while it is 0",
              learner<RewardGradient>(Baseline::group)},
             3e-3, 250));
  Method small = variant("grpo-50", all.back(), {{"m", 50}, {"theta_batch", 50}});
  small.sentence = "grpo in rounds of 50 attempts";
  all.push_back(small);
  for (std::size_t i = all.size() - 3; i < all.size(); ++i) all[i].trains_on_rewarded = true;
}

void add_failure_policies(std::vector<Method>& all) {
  all.push_back(policy({"nsr", "negative sample reinforcement: policy gradient with reward -1 for a failure",
                        learner<FailureGradient>(Penalty::likelihood)},
                       1e-3, 50));
  all.push_back(policy({"unlikelihood", "lowers the probability of each token of the failures",
                        learner<FailureGradient>(Penalty::unlikelihood)},
                       1e-3, 50));
}

}  // namespace

void add_policies(std::vector<Method>& all) {
  add_bonus_policies(all);
  add_reward_policies(all);
  add_failure_policies(all);
}

}  // namespace banel
