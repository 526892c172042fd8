#include "tasks/run/attack.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "nn/io/file.h"
#include "tasks/run/attack_state.h"
#include "tasks/model/gpt_generator.h"
#include "tasks/base/progress.h"
#include "tensor/check.h"
#include "tensor/hash.h"

namespace banel {

namespace fs = std::filesystem;

namespace {

Json to_json(const Method& m, std::size_t measured_samples, const addition::Rules& rules,
             std::uint64_t seed) {
  const Settings& s = m.settings;
  return {{"method", m.name},
          {"seed", seed},
          {"digits", rules.digits},
          {"leading_zeros", rules.leading_zeros},
          {"budget", s.budget},
          {"per_round", s.per_round},
          {"probe", s.probe},
          {"accepted", s.accepted},
          {"f", s.f},
          {"kappa", s.kappa},
          {"phi_epochs", s.phi_epochs},
          {"distil_epochs", s.distil_epochs},
          {"patience", s.patience},
          {"restart", s.restart},
          {"scout", s.scout},
          {"screened", s.screened},
          {"memory", s.memory == Memory::distil ? "distil" : "regions"},
          {"kl", s.kl},
          {"rate", m.fit.rate},
          {"batch", m.fit.batch},
          {"novelty_order", m.novelty.order},
          {"novelty_c", m.novelty.c},
          {"novelty_epochs", m.novelty.epochs},
          {"novelty_rate", m.novelty.rate},
          {"temperature", m.temperature},
          {"measured_samples", measured_samples}};
}

// The rounds that a checkpoint stands on. What a killed round appended behind them is not read.
std::vector<RoundRecord> rounds_before(const fs::path& metrics, const AttackProgress& saved) {
  const std::string text = saved.metrics_bytes ? read_file(metrics) : "";
  ENSURE_AS(
      text.size() >= saved.metrics_bytes, InputError, metrics.string(),
      "has " << text.size() << " bytes where " << saved.metrics_bytes
             << " were recorded: it was cut or replaced; restore it, or remove the folder and start again");
  std::vector<RoundRecord> rounds =
      parse_metrics(std::string_view(text).substr(0, saved.metrics_bytes), metrics.string());
  const std::int64_t nre = rounds.empty() ? 0 : rounds.back().nre, paid = saved.ledger.evaluations;
  // The last evaluations of an attack that found nothing new to try belong to no round.
  ENSURE_AS(rounds.size() == saved.rounds && (saved.finished ? nre <= paid : nre == paid), InputError,
            metrics.string(),
            "has " << rounds.size() << " rounds and " << nre << " evaluations, the checkpoint was made after "
                   << saved.rounds << " and " << paid
                   << "; restore both, or remove the folder and start again");
  return rounds;
}

// The first `lines` lines of a file. Clock times stay out of checkpoints, so their file is cut by lines.
std::string first_lines(const fs::path& path, std::size_t lines) {
  std::string text = lines ? read_file(path) : "";
  std::size_t end = 0;
  for (std::size_t i = 0; i < lines; ++i) {
    end = text.find('\n', end) + 1;
    ENSURE_AS(end != 0, InputError, path.string(),
              "has fewer than " << lines << " lines; remove the folder and start again");
  }
  text.resize(end);
  return text;
}

// The first few proposals or accepted strings of a round, judged outside the budget.
struct Looked {
  Rate success;
  std::vector<Attempt> failures;
};
Looked look(std::span<const Attempt> attempts, const Oracle::Judge& judge) {
  constexpr std::size_t enough = 500;
  attempts = attempts.first(std::min(enough, attempts.size()));
  const std::vector<Verdict> verdicts = judge(attempts);
  Looked looked;
  for (std::size_t i = 0; i < attempts.size(); ++i) {
    looked.success.count(verdicts[i].reward);
    if (!verdicts[i].reward) looked.failures.push_back(attempts[i]);
  }
  return looked;
}

// How well phi describes failures it was not fitted to, in nats per token; 0 without phi.
double heldout(const Round& round, const std::vector<Attempt>& failures) {
  if (!round.phi || failures.empty()) return 0;
  double nats = 0;
  for (double log_prob : round.phi->log_prob(failures)) nats -= log_prob;
  return nats / static_cast<double>(tokens_of(failures));
}

// One line of metrics.jsonl: the round, and the attacker it made if that was measured, outside the budget;
// then the filter is looked at, too.
Json round_line(const Round& r, std::int64_t nre, const Cost& cost, const std::optional<Measurement>& m,
                const Oracle::Judge& judge) {
  const std::vector<Attempt> proposals = texts(r.proposals.kept);
  constexpr const char* ways[]{"on", "back", "anew", "scouts"};
  Json line{{"round", r.number},
            {"nre", nre},
            {"submitted", r.rewards.size()},
            {"positives", r.positives()},
            {"assumed", r.assumed},
            {"drawn_for_submission", r.attempts.drawn},
            {"proposals", proposals.size()},
            {"proposals_drawn", r.proposals.drawn},
            {"accepted", r.accepted.size()},
            {"way", ways[static_cast<int>(r.way)]},
            {"phi_nats_per_token", r.phi_loss},
            {"tau", r.tau},
            {"gradient_norm", r.gradient_norm ? Json(*r.gradient_norm) : Json(nullptr)},
            {"tokens", cost.tokens},
            {"flops", cost.flops},
            {"measured", m ? to_json(*m) : Json(nullptr)},
            {"examples",
             std::vector<Attempt>(proposals.begin(),
                                  proposals.begin() + std::min<std::ptrdiff_t>(3, std::ssize(proposals)))}};
  if (m) {
    const Looked proposed = look(proposals, judge);
    line["phi_heldout_nats_per_token"] = heldout(r, proposed.failures);
    line["proposal_success"] = to_json(proposed.success);
    line["accepted_success"] = to_json(look(r.accepted, judge).success);
  }
  return line;
}

// The evaluations of the last reading, 0 before the first.
std::int64_t measured_at(const std::vector<RoundRecord>& rounds) {
  const auto last = std::find_if(rounds.rbegin(), rounds.rend(), [](const auto& r) { return r.measured; });
  return last == rounds.rend() ? 0 : last->nre;
}

// Some 10 readings of a run: a thirtieth of the budget apart at first, a fifth in the end.
bool worth_reading(std::int64_t nre, std::int64_t last, std::int64_t budget) {
  return nre - last >= budget / 30 + last / 4;
}

// Shows the learner of a resumed run the failures of each completed round.
void recall(Learner& learner, const Oracle& oracle, const std::vector<RoundRecord>& rounds,
            std::uint64_t seed) {
  std::size_t first = 0;
  for (std::size_t k = 0; k < rounds.size(); ++k) {
    const auto submitted = static_cast<std::size_t>(rounds[k].submitted);
    std::vector<Attempt> failures = oracle.failures(first, first + submitted);
    failures.insert(failures.end(), rounds[k].assumed.begin(), rounds[k].assumed.end());
    learner.recall(failures, k + 1, seed);
    first += submitted;
  }
}

}  // namespace

std::string fingerprint(const GPT& model) {
  const std::span weights(model.parameters.values);
  return hex(fnv1a({reinterpret_cast<const char*>(weights.data()), weights.size_bytes()}));
}

std::vector<RoundRecord> AttackResult::readings() const {
  std::vector<RoundRecord> measured = rounds;
  std::erase_if(measured, [](const RoundRecord& r) { return !r.measured; });
  return measured;
}

AttackResult read_attack(const fs::path& folder) {
  const fs::path metrics = folder / "metrics.jsonl", timing = folder / "timing.jsonl";
  AttackResult result{parse_metrics(read_file(metrics), metrics.string()),
                      parse_timing(read_file(timing), timing.string())};
  ENSURE_AS(!result.rounds.empty() && result.rounds.back().measured, InputError, metrics.string(),
            "does not end with a round that was measured");
  return result;
}

Measurement measure_attacker(const State& state, const Method& method, const GPT& pretrained,
                             const Screen& unseen, const Oracle::Judge& judge, const addition::Rules& rules,
                             std::size_t n, std::uint64_t seed) {
  // The same random numbers for all readings of a run: an attacker that stays has one reading.
  const Stream random{seed, "measured"};
  const Screen* screen = method.exact_memory ? &unseen : nullptr;
  const std::vector<Proposal> samples = draw(state.attacker(), state.regions, screen, n, random).kept;
  Measurement m = measure(judge, rules, samples);
  constexpr std::size_t enough = 1000;  // for a mean
  const std::span<const Proposal> some(samples.data(), std::min(enough, samples.size()));
  m.surprise = samples.empty() ? 0 : -mean(GptGenerator(pretrained, {}).log_prob(texts(some)));
  return m;
}

Oracle::Judge judge_of(const Method& method, const GPT& target, const addition::Rules& rules) {
  if (method.consults_oracle) return addition_judge(target, rules);
  return [](std::span<const Attempt> attempts) { return std::vector<Verdict>(attempts.size()); };
}

AttackResult run_attack(const fs::path& folder, const Method& method, std::size_t measured_samples,
                        const GPT& target, const GPT& attacker, const addition::Rules& rules,
                        std::uint64_t seed, const std::function<void(std::int64_t)>& on_round) {
  create_folders(folder);
  const fs::path config = folder / "config.json", metrics = folder / "metrics.jsonl",
                 timing = folder / "timing.jsonl";
  Json wanted_config = to_json(method, measured_samples, rules, seed);
  wanted_config["target"] = fingerprint(target);
  wanted_config["attacker"] = fingerprint(attacker);
  const std::string wanted = wanted_config.dump(2) + '\n';
  if (fs::exists(config)) {
    ENSURE_AS(read_file(config) == wanted, InputError, folder.string(),
              "holds an attack with other settings or networks; choose another --out folder or remove it");
  } else {
    write_file(config, wanted);
  }
  const Start start{attacker, seed, std::make_shared<Cost>()};
  SavedAttack saved = load_attack(folder, method, start);
  const AttackProgress& before = saved.progress;
  AttackResult result{rounds_before(metrics, before), 0};
  const std::string times = first_lines(timing, before.rounds);
  result.seconds = parse_timing(times, timing.string());
  const fs::path ledger = folder / "ledger.jsonl";
  if (before.finished) read_ledger(ledger, before.ledger);  // only to see that it still is what was paid
  on_round(before.finished ? method.settings.budget : before.ledger.evaluations);
  if (before.finished) return result;

  const Oracle::Judge judge = remembering(addition_judge(target, rules));  // of readings, mostly alike
  Oracle oracle(judge_of(method, target, rules), method.settings.budget, ledger, before.ledger);
  const std::unique_ptr<Learner> learner = method.learner(method, start);
  recall(*learner, oracle, result.rounds, seed);
  if (!result.rounds.empty()) *start.cost = {result.rounds.back().tokens, result.rounds.back().flops};
  AppendFile metrics_file(metrics, before.metrics_bytes), timing_file(timing, times.size());
  State state{std::move(saved.theta), std::move(saved.regions), before.rounds,
              std::move(saved.best),  saved.survivors,          {}};
  if (method.settings.restart || method.settings.scout)
    state.pretrained = std::make_shared<GptGenerator>(attacker, method.fit, method.temperature, start.cost);
  bool finished = false;
  const auto commit = [&](const State& now, bool last) {
    finished = last;
    AttackProgress progress;
    progress.metrics_bytes = metrics_file.size();
    progress.ledger = oracle.mark();
    progress.finished = last;
    save_attack(folder, now, progress);
  };
  const Screen unseen = [&](const Attempt& x) { return !oracle.seen(x); };
  std::string reading_of;  // the attacker of the last reading
  Measurement reading;
  Stopwatch watch;
  const auto record = [&](const State& now, const Round& round, std::int64_t nre, bool last) {
    const double worked = watch.seconds();
    watch = Stopwatch();
    const Cost cost = *start.cost;
    std::optional<Measurement> measured;
    if (last || worth_reading(nre, measured_at(result.rounds), oracle.budget())) {
      const std::string measures = fingerprint(model_of(now.attacker()));
      const bool again = measures == reading_of && now.regions.empty() && !method.exact_memory;
      if (!again)
        reading = measure_attacker(now, method, attacker, unseen, judge, rules, measured_samples, seed);
      reading_of = measures;
      measured = reading;
    }
    const Json line = round_line(round, nre, cost, measured, judge);
    *start.cost = cost;  // measuring is no part of the method
    result.rounds.push_back(round_record(Field(line, metrics.string()), nre - std::ssize(round.rewards)));
    metrics_file.append(line.dump() + '\n');
    timing_file.append(
        Json{{"round", round.number}, {"seconds", worked}, {"measuring_seconds", watch.seconds()}}.dump() +
        '\n');
    result.seconds += worked;
    commit(now, last);
    on_round(oracle.used());
    watch = Stopwatch();
  };
  run(
      state, oracle, method.settings, *learner,
      [&rules](const Attempt& x) { return !addition::parse(x, rules); }, seed,
      [&](const State& now, const Round& round) {
        record(now, round, oracle.used(), oracle.used() >= oracle.budget());
        return true;
      });
  if (!finished && !result.rounds.empty() && !result.rounds.back().measured) {
    Round closing;  // nothing new could be drawn: a last round without an evaluation
    closing.number = ++state.rounds;
    record(state, closing, result.rounds.back().nre, true);
  }
  if (!finished) commit(state, true);
  on_round(method.settings.budget);
  return result;
}

}  // namespace banel
