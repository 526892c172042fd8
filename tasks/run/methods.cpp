#include "tasks/run/methods.h"

#include "banel/policy.h"
#include "tasks/run/rnd.h"
#include "tensor/check.h"

namespace banel {

namespace {

using Make = std::function<std::unique_ptr<Learner>(const Method&, const Start&)>;
using MakeNovelty = std::function<std::shared_ptr<Novelty>(const Method&, const Start&)>;

std::shared_ptr<Novelty> count(const Method& m, const Start&) {
  return std::make_shared<PseudoCounts>(static_cast<std::size_t>(m.novelty.order), m.novelty.c);
}

std::shared_ptr<Novelty> rnd(const Method& m, const Start& start) {
  FitSettings fit;
  fit.epochs = m.novelty.epochs;
  fit.rate = m.novelty.rate;
  return std::make_shared<Rnd>(start.attacker.config(), fit, start.seed, start.cost);
}

Make filter(Score score) {
  return [score = std::move(score)](const Method&, const Start&) { return std::make_unique<Banel>(score); };
}

Make filter_by(MakeNovelty novelty) {
  return [novelty = std::move(novelty)](const Method& m, const Start& start) {
    return std::make_unique<Banel>(novelty_score(novelty(m, start)));
  };
}

Make climb(MakeNovelty novelty) {
  return [novelty = std::move(novelty)](const Method& m, const Start& start) {
    return std::make_unique<BonusGradient>(
        novelty(m, start), std::make_unique<GptGenerator>(start.attacker, m.fit, 1, start.cost));
  };
}

Make climb_reward(Baseline baseline) {
  return [baseline](const Method&, const Start&) { return std::make_unique<RewardGradient>(baseline); };
}

Make stay() {
  return [](const Method&, const Start&) { return std::make_unique<Unchanged>(); };
}

std::vector<Method> all_methods() {
  std::vector<Method> all;
  const auto add = [&](const char* name, const char* description, Make learner) -> Method& {
    all.push_back({name, description, {}, {}, {}, std::move(learner)});
    return all.back();
  };
  // Numbers other than the defaults are those that `banel tune` chose, for small rounds single attacks on the
  // same target (results/tuning.md).
  Method& paper =
      add("banel-paper", "Algorithm 2 as in the paper: invalid and repeated strings cost evaluations",
          filter(ratio_score()));
  paper.settings.screened = false;
  paper.settings.f = 3;

  const auto small_rounds = [](Method& m) -> Method& {  // ours: a step after 50 evaluations, and a way back
    m.settings.per_round = 50;
    m.settings.accepted = 250;
    m.settings.f = 16;
    m.settings.phi_epochs = 100;
    m.settings.probe = 5;
    m.settings.patience = 3;
    return m;
  };
  const auto small_batches = [&](Method& m) -> Method& {  // the same: as many steps in a third of the passes
    small_rounds(m).fit.batch = 16;
    m.settings.phi_epochs = 32;
    m.settings.distil_epochs = 1;
    return m;
  };
  small_batches(
      add("banel",
          "small rounds that ask few first, screened: what is known to be 0 is neither submitted nor kept; "
          "goes back to the attacker that failed least",
          filter(ratio_score())));
  Method& unscreened = small_rounds(add(
      "banel-unscreened", "banel, but invalid and repeated strings cost evaluations", filter(ratio_score())));
  unscreened.settings.screened = false;
  unscreened.settings.f = 8;
  unscreened.settings.kappa = 0.5;  // closer to theta: what no failure resembles is mostly no question at all
  unscreened.settings.restart = 30;

  Method& regions =
      add("banel-union", "Algorithm 1: union of rejection regions, no distillation", filter(ratio_score()));
  regions.settings.memory = Memory::regions;
  regions.settings.f = 1.1;  // what passes shrinks by f each round, so f must be small

  const auto policy = [&](const char* name, const char* description, Make learner) -> Method& {
    Method& m = add(name, description, std::move(learner));
    m.settings.screened = false;
    m.fit.batch = 50;
    m.fit.rate = 3e-3;
    m.settings.kl = 1;
    return m;
  };
  policy("count", "policy gradient on pseudo-counts, with a KL penalty", climb(count)).settings.kl = 0.3;
  policy("rnd", "policy gradient on random network distillation, with a KL penalty; 1 predictor epoch",
         climb(rnd));
  policy("rnd-10", "rnd with 10 predictor epochs", climb(rnd)).novelty.epochs = 10;
  policy("rnd-100", "rnd with 100 predictor epochs", climb(rnd)).novelty.epochs = 100;
  policy("reinforce", "policy gradient on the bare reward; no gradient while it is 0",
         climb_reward(Baseline::none))
      .fit.rate = 1e-3;
  policy("grpo", "group-relative policy gradient on the bare reward; no gradient while it is 0",
         climb_reward(Baseline::group))
      .fit.batch = 250;

  // The controls have the small rounds and batches, the screen and the way back of banel and differ in one
  // thing.
  Method& rnd_score = small_batches(add(
      "rnd-score", "control: banel with the error of random network distillation as score", filter_by(rnd)));
  rnd_score.settings.f = 4;
  rnd_score.novelty.epochs = 10;
  small_batches(add("count-score", "control: banel with the pseudo-count bonus as score", filter_by(count)));
  Method& blind = small_batches(
      add("oracle-free", "control: banel that takes every attempt for a failure and evaluates nothing",
          filter(ratio_score())));
  blind.consults_oracle = false;
  blind.settings.probe = 0;  // its evaluations are none
  Method& tail = small_batches(
      add("tail", "control: banel that keeps what the attacker finds least likely", filter(tail_score())));
  tail.settings.f = 8;
  tail.settings.distil_epochs = 2;
  Method& random = small_batches(
      add("random", "control: banel that keeps a random 1/f of the proposals", filter(random_score())));
  random.settings.f = 4;
  random.settings.distil_epochs = 2;
  // Found with leading zeros forbidden, where `scaling` uses it; with them it is no part of the comparison.
  Method& scouts = small_rounds(
      add("scout", "control: scouts to the end, no failure model takes part", filter(ratio_score())));
  scouts.settings.scout = 10'000'000;  // to the end of any budget
  // What learns nothing has one long round.
  Method& hot = add("temperature", "control: the pre-trained attacker at a higher temperature", stay());
  hot.temperature = 4;
  hot.consults_oracle = false;
  hot.settings.per_round = static_cast<std::size_t>(hot.settings.budget);
  Method& memory = add("memory", "control: the pre-trained attacker, never the same mistake twice", stay());
  memory.exact_memory = true;
  memory.settings.per_round = static_cast<std::size_t>(memory.settings.budget);
  return all;
}

}  // namespace

const std::vector<Method>& methods() {
  static const std::vector<Method> all = all_methods();
  return all;
}

Method method(const std::string& name) {
  std::string names;
  for (const Method& m : methods()) {
    if (m.name == name) return m;
    names += ' ' + m.name;
  }
  throw UsageError("method: '" + name + "' is unknown; choose one of" + names);
}

}  // namespace banel
