// The built-in methods. Numbers other than the defaults of method_settings() were chosen on tuning instances.
// Those of the seven methods in tuning.toml are what it chose, with the same effort for each, rounded.
#include "banel/auto.h"
#include "banel/finds.h"
#include "tasks/run/method_parts.h"
#include "tasks/run/registry.h"

namespace banel {

namespace {

Keys filter_keys() { return round_keys() + Keys{"n", "f", "theta_epochs", "theta_rate", "theta_batch"}; }
Keys small_keys() { return filter_keys() + Keys{"early_abort", "patience", "restart"}; }
Keys phi_keys() { return {"kappa", "phi_epochs", "phi_rate", "phi_batch"}; }

Make filter(const Score& score) { return learner<Banel>(score); }

Make filter_by(MakeNovelty novelty) {
  return [novelty = std::move(novelty)](const Method& m, const Start& start) {
    return std::make_unique<Banel>(novelty_score(novelty(m, start)));
  };
}

// Rounds of 50 attempts with early abort, and rollback.
Method small_rounds(Method m) {
  m.settings.m = 50;
  m.settings.n = 250;
  m.settings.f = 16;
  m.settings.phi.epochs = 100;
  m.settings.early_abort = 5;
  m.settings.patience = 3;
  return m;
}

// As many steps in a third of the passes.
Method small_batches(Method m) {
  m = small_rounds(std::move(m));
  m.settings.phi = {.epochs = 32, .rate = 1e-3, .batch = 16};
  m.settings.theta = {.epochs = 1, .rate = 1e-3, .batch = 16};
  return m;
}

Method tuned_for_banel(Method m) {
  m = small_batches(std::move(m));
  m.settings.f = 5.5;
  m.settings.kappa = 0.8;
  m.settings.phi.epochs = 12;
  m.settings.theta.rate = 1.9e-3;
  return m;
}

void add_banel(std::vector<Method>& all) {
  all.push_back(
      tuned_for_banel({"banel",
                       "small rounds with early abort, screening and rollback: fits a failure model to the "
                       "failures and distils what least resembles them",
                       filter(ratio_score()), small_keys() + phi_keys() + Keys{"scout"}}));

  Method paper{"banel-paper", "Algorithm 2 as in the paper: invalid and repeated strings cost evaluations",
               filter(ratio_score()), filter_keys() + phi_keys()};
  paper.screen = "none";
  paper.paper = {"addition", 0.1112, 278};  // arXiv 2510.09596, table 1
  paper.settings.f = 3;
  all.push_back(paper);

  Method unscreened =
      small_rounds({"banel-unscreened", "banel, but invalid and repeated strings cost evaluations",
                    filter(ratio_score()), small_keys() + phi_keys()});
  unscreened.screen = "none";
  unscreened.settings.f = 8;
  unscreened.settings.kappa = 0.5;  // closer to theta: what no failure resembles is mostly invalid
  unscreened.settings.restart = 30;
  all.push_back(unscreened);

  Method regions{"banel-union", "Algorithm 1: keeps every rejection region and distils nothing",
                 filter(ratio_score()), round_keys() + Keys{"n", "f"} + phi_keys()};
  regions.settings.memory = Memory::regions;
  regions.settings.f = 1.1;  // what passes shrinks by f each round, so f must be small
  all.push_back(regions);
}

// They break the paper's rule, and their rows are the price of that rule.
void add_finds(std::vector<Method>& all) {
  Method both{"auto", "novelty until something is rewarded, then mostly attackers grown from what was found",
              learner_from_prior<Auto>(), without(without(filter_keys(), "m"), "screen") + phi_keys()};
  both.trains_on_rewarded = true;
  both.settings.n = 128;
  both.settings.f = 8;
  both.settings.phi = {.epochs = 16, .rate = 1e-3, .batch = 50};
  both.settings.theta = {.epochs = 1, .rate = 2e-3, .batch = 16};
  all.push_back(both);
  Method m{"finds", "learning from finds: fits the prior to the strings that were rewarded",
           learner_from_prior<Finds>(), round_keys() + Keys{"theta_rate", "theta_batch"}};
  m.trains_on_rewarded = true;
  m.settings.m = 10;
  m.settings.theta.rate = 2.9e-3;
  all.push_back(m);
}

// They differ from banel in their evidence; oracle-free has settings of its own, tuned for it.
void add_controls_of_evidence(std::vector<Method>& all) {
  Method oracle_free = small_batches(
      {"oracle-free", "control: banel that takes every attempt for a failure and evaluates nothing",
       filter(ratio_score()), filter_keys() + phi_keys() + Keys{"patience"}});
  oracle_free.consults_oracle = false;
  oracle_free.settings.f = 5.6;
  oracle_free.settings.kappa = 0.9;
  oracle_free.settings.phi = {.epochs = 62, .rate = 1.3e-3, .batch = 16};
  oracle_free.settings.theta.rate = 5e-4;
  oracle_free.settings.early_abort = 0;
  all.push_back(oracle_free);
  Method attempts =
      tuned_for_banel({"all-attempts", "control: banel with a failure model of all attempts, rewarded or not",
                       filter(ratio_score()), small_keys() + phi_keys()});
  attempts.settings.evidence = Evidence::attempts;
  attempts.trains_on_rewarded = true;
  all.push_back(attempts);
  // No screen among its keys: it needs one.
  Method shuffled = tuned_for_banel(
      {"shuffled-rewards", "control: banel with the rewards of each batch dealt to random attempts of it",
       filter(ratio_score()), without(small_keys(), "screen") + phi_keys()});
  shuffled.settings.evidence = Evidence::shuffled;
  shuffled.trains_on_rewarded = true;
  all.push_back(shuffled);
}

void add_controls_of_score(std::vector<Method>& all) {
  Method by_rnd =
      tuned_for_banel({"rnd-score", "control: banel with the error of random network distillation as score",
                       filter_by(rnd), small_keys() + rnd_keys()});
  by_rnd.settings.f = 4;
  by_rnd.novelty.epochs = 10;
  all.push_back(by_rnd);
  all.push_back(tuned_for_banel({"count-score", "control: banel with the pseudo-count bonus as score",
                                 filter_by(count), small_keys() + count_keys()}));
  Method tail = small_batches({"tail", "control: banel that keeps what the attacker finds least likely",
                               filter(tail_score()), small_keys()});
  tail.settings.f = 8.4;
  tail.settings.theta = {.epochs = 4, .rate = 1.1e-3, .batch = 16};
  all.push_back(tail);
  Method random = tuned_for_banel({"random", "control: banel that keeps a random 1/f of the proposals",
                                   filter(random_score()), small_keys()});
  random.settings.f = 4;
  random.settings.theta.epochs = 2;
  all.push_back(random);
  random.name = "self-distillation";
  random.sentence = "control: banel that keeps every proposal, so that theta learns its own samples";
  random.uses = without(random.uses, "f");
  random.settings.f = 1;
  all.push_back(random);
  Method scouts = small_rounds({"scout", "control: scouts to the end; no failure model takes part",
                                filter(ratio_score()), small_keys() + phi_keys() + Keys{"scout"}});
  scouts.settings.scout = 10'000'000;  // to the end of any budget
  all.push_back(scouts);
}

// Algorithm 1 on a pool, and its controls of evidence.
void add_pools(std::vector<Method>& all) {
  for (const char* name : {"banel", "oracle-free", "all-attempts", "shuffled-rewards"}) {
    Method m = *std::ranges::find(all, name, &Method::name);
    m.name += "-pool";
    m.sentence = "Algorithm 1 on strings that the prior wrote once" +
                 (m.consults_oracle && !m.trains_on_rewarded ? "" : "; " + m.sentence);
    m.uses = round_keys() + Keys{"n", "f", "pool"} + phi_keys();
    if (std::string(name) == "shuffled-rewards") m.uses = without(m.uses, "screen");
    m.pool = 8000;
    m.settings = {.budget = 400,
                  .m = 100,
                  .n = 2000,
                  .f = 4,
                  .phi = {4, 1e-3, 16},
                  .whole_rounds = true,
                  .memory = Memory::regions,
                  .evidence = m.settings.evidence};
    all.push_back(m);
  }
}

void add_unlearned(std::vector<Method>& all) {
  Method hot{"temperature", "control: the prior at a higher temperature; nothing is learned",
             learner<Unchanged>(), counted() + Keys{"temperature"}};
  hot.temperature = 4;
  hot.consults_oracle = false;
  Method memory{"memory", "control: the prior, never the same string twice", learner<Unchanged>(), counted()};
  memory.remembers = Method::Remembers::attempts;
  Method claims{"claim-memory", "control: the prior, never again an answer that failed; nothing is learned",
                learner<Unchanged>(), round_keys() + Keys{"pool"}};
  claims.settings.m = 1;
  claims.pool = 8000;
  claims.remembers = Method::Remembers::claims;
  Method prior{"prior", "control: the prior as it is; nothing is learned", learner<Unchanged>(), counted()};
  for (Method* m : {&hot, &memory, &prior}) {
    m->one_round = true;
    m->settings.m = static_cast<std::size_t>(m->settings.budget);
    all.push_back(*m);
  }
  all.push_back(claims);
}

}  // namespace

std::vector<Method> built_in_methods() {
  std::vector<Method> all;
  add_banel(all);
  add_policies(all);
  add_finds(all);
  add_controls_of_score(all);
  add_controls_of_evidence(all);
  add_pools(all);
  add_unlearned(all);
  return all;
}

}  // namespace banel
