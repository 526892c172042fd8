#include "tasks/run/attack.h"

#include <algorithm>

#include "banel/generators/pool.h"
#include "nn/io/file.h"
#include "tasks/model/gpt_generator.h"
#include "tasks/run/checkpoint.h"
#include "tasks/run/folder.h"
#include "tasks/run/reading.h"
#include "tasks/run/registry.h"

namespace banel {

namespace fs = std::filesystem;

namespace {

// Shows the learner of a resumed run the failures of each completed round.
void recall(Learner& learner, const Oracle& oracle, const std::vector<RoundRecord>& rounds,
            std::uint64_t seed) {
  std::size_t first = 0;
  for (const RoundRecord& round : rounds) {
    const auto submitted = static_cast<std::size_t>(round.submitted);
    std::vector<Attempt> failures = oracle.failures(first, first + submitted);
    failures.insert(failures.end(), round.assumed.begin(), round.assumed.end());
    learner.recall(failures, round.number, seed);
    first += submitted;
  }
}

RoundRecord record_of(const Round& r, std::int64_t nre, const Cost& cost) {
  constexpr std::size_t shown = 3;
  const std::vector<Proposal>& proposals = r.proposals.kept;
  RoundRecord record{.number = r.number,
                     .nre = nre,
                     .submitted = std::ssize(r.rewards),
                     .positives = r.positives(),
                     .assumed = r.assumed,
                     .drawn_for_submission = r.attempts.drawn,
                     .proposals = proposals.size(),
                     .proposals_drawn = r.proposals.drawn,
                     .accepted = r.accepted.size(),
                     .outcome = r.outcome,
                     .phi_loss = r.phi_loss,
                     .tau = r.tau,
                     .gradient_norm = r.gradient_norm,
                     .cost = cost};
  record.examples = texts(std::span(proposals).first(std::min(shown, proposals.size())));
  return record;
}

// The state of an attack between open() and its last commit.
class Attack {
 public:
  Attack(const fs::path& folder, const Task& task, const Method& method, const AttackSettings& settings,
         const Report& report, const Watch& watch)
      : task_(task),
        method_(method),
        settings_(settings),
        report_(report),
        show_(watch),
        cost_(std::make_shared<Cost>()),
        prior_(starting_model(task, method, settings.seed, cost_)),
        label_(attack_label(task, method, settings.seed)),
        folder_(open_attack(folder, attack_config(task, method, settings), *prior_, label_)) {}

  AttackResult run() {
    const AttackProgress& before = folder_.saved.progress;
    report_(before.finished ? method_.settings.budget : before.ledger.evaluations);
    if (!before.finished) rounds();
    return {std::move(folder_.rounds), folder_.seconds};
  }

 private:
  void rounds();
  void record(const State&, const Round&, std::int64_t nre, bool last);
  void commit(const State&, bool last);

  const Task& task_;
  const Method& method_;
  const AttackSettings& settings_;
  const Report& report_;
  const Watch& show_;
  std::shared_ptr<Cost> cost_;
  std::unique_ptr<Generator> prior_;
  Label label_;
  AttackFolder folder_;
  std::unique_ptr<Oracle> oracle_;
  std::unique_ptr<Reader> reader_;
  Stopwatch watch_;
  bool finished_ = false;
};

void Attack::rounds() {
  SavedAttack& saved = folder_.saved;
  folder_.append();
  oracle_ = std::make_unique<Oracle>(judge_of(task_, method_), method_.settings.budget, folder_.ledger,
                                     saved.progress.ledger);
  reader_ = std::make_unique<Reader>(task_, method_, settings_, *oracle_);
  const std::unique_ptr<Learner> learner = method_.learner(method_, {*prior_, settings_.seed, cost_});
  recall(*learner, *oracle_, folder_.rounds, settings_.seed);
  if (!folder_.rounds.empty()) *cost_ = folder_.rounds.back().cost;
  State& state = saved.state;
  if (method_.settings.restart || method_.settings.scout) state.pretrained = prior_->clone();
  watch_ = Stopwatch();
  const Screen may_succeed =
      joined({screen_of(task_, method_), unseen(task_, method_, [&] { return oracle_->paid(); })});
  banel::run(state, *oracle_, method_.settings, *learner, may_succeed, settings_.seed,
             [&](const State& now, const Round& round) {
               record(now, round, oracle_->used(), oracle_->used() >= oracle_->budget());
               return true;
             });
  if (!finished_ && !folder_.rounds.empty() && !folder_.rounds.back().measured) {
    Round closing;  // nothing new could be drawn: a last round without an evaluation
    closing.number = ++state.rounds;
    record(state, closing, folder_.rounds.back().nre, true);
  }
  if (!finished_) commit(state, true);
  report_(method_.settings.budget);
}

// measure, then commit: a line in the logs, then the checkpoint that counts it.
void Attack::record(const State& state, const Round& round, std::int64_t nre, bool last) {
  const double worked = watch_.seconds();
  watch_ = Stopwatch();
  const Cost cost = *cost_;
  RoundRecord line = record_of(round, nre, cost);
  reader_->read(line, state, round, last, folder_.rounds);
  *cost_ = cost;  // measuring is no part of the method
  folder_.add(std::move(line), worked, watch_.seconds());
  commit(state, last);
  report_(oracle_->used());
  if (show_) show_(oracle_->paid(), folder_.rounds);
  watch_ = Stopwatch();
}

void Attack::commit(const State& state, bool last) {
  finished_ = last;
  AttackProgress progress;
  progress.metrics_bytes = folder_.metrics_bytes();
  progress.ledger = oracle_->mark();
  progress.finished = last;
  save_attack(folder_.path, state, progress, label_);
}

}  // namespace

std::vector<RoundRecord> AttackResult::readings() const {
  std::vector<RoundRecord> measured = rounds;
  std::erase_if(measured, [](const RoundRecord& r) { return !r.measured; });
  return measured;
}

AttackResult run_attack(const fs::path& folder, const Task& task, const Method& method,
                        const AttackSettings& settings, const Report& report, const Watch& watch) {
  return Attack(folder, task, method, settings, report, watch).run();
}

AttackResult read_attack(const fs::path& folder) {
  const fs::path metrics = folder / "metrics.jsonl", timing = folder / "timing.jsonl";
  return {parse_metrics(read_file(metrics), metrics.string()),
          parse_timing(read_file(timing), timing.string())};
}

Json attack_config(const Task& task, const Method& m, const AttackSettings& settings) {
  Json values = Json::object();
  for (const auto& [key, value] : values_of(m)) values[key] = to_json(value);
  Json config{{"task", task.title()},  {"fingerprint", task.fingerprint()}, {"method", m.name},
              {"seed", settings.seed}, {"samples", settings.samples},       {"settings", values}};
  if (settings.ranking) config["ranking"] = true;
  return config;
}

Label attack_label(const Task& task, const Method& method, std::uint64_t seed) {
  return {{"task", task.title()},
          {"fingerprint", task.fingerprint()},
          {"method", method.name},
          {"seed", std::to_string(seed)}};
}

State saved_state(const fs::path& folder, const Task& task, const Method& method, std::uint64_t seed) {
  const std::unique_ptr<Generator> start = starting_model(task, method, seed, std::make_shared<Cost>());
  return load_attack(folder, *start, attack_label(task, method, seed)).state;
}

std::unique_ptr<Generator> starting_model(const Task& task, const Method& method, std::uint64_t seed,
                                          const std::shared_ptr<Cost>& cost) {
  std::unique_ptr<Generator> model = task.prior().clone();
  if (method.temperature != 1) {
    auto gpt = std::make_unique<GptGenerator>(as_gpt(*model, method.name));
    gpt->set_temperature(method.temperature);
    model = std::move(gpt);
  }
  model->count_cost(cost);
  if (method.pool == 0) return model;
  return std::make_unique<PoolGenerator>(*model, model->sample(method.pool, {seed, "pool"}));
}

std::string why_no_round(const Method& method) {
  return method.settings.whole_rounds ? "the pool has fewer new valid strings than a round needs"
                                      : "nothing valid could be drawn";
}

Judge judge_of(const Task& task, const Method& method) {
  if (method.consults_oracle) return task.judge();
  return [](std::span<const Attempt> attempts) { return std::vector<Verdict>(attempts.size()); };
}

}  // namespace banel
