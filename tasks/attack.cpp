#include "tasks/attack.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "nn/checkpoint.h"
#include "nn/file.h"
#include "tasks/gpt_generator.h"
#include "tasks/progress.h"
#include "tensor/check.h"

namespace banel {

namespace fs = std::filesystem;

const std::vector<Method>& methods() {
  static const std::vector<Method> all = [] {
    Settings paper;
    paper.screened = false;
    paper.f = 3;  // tuned: at 2 it is slow, at 4 and more theta drifts into invalid strings and collapses
    const Settings screened;
    Settings regions;
    regions.memory = Memory::regions;
    regions.f = 1.1;  // what passes shrinks by f each round, so f must be small
    return std::vector<Method>{
        {"banel-paper", "Algorithm 2 as in the paper: invalid and repeated strings cost evaluations", paper,
         ratio_score(), true},
        {"banel", "Algorithm 2, screened: what is known to be 0 is neither submitted nor kept", screened,
         ratio_score(), true},
        {"banel-union", "Algorithm 1: union of rejection regions, no distillation", regions, ratio_score(),
         true},
        {"random", "control: keeps a random 1/f of the proposals", screened, random_score(), true},
        {"oracle-free", "control: takes every attempt for a failure, evaluates nothing", screened,
         ratio_score(), false},
        {"tail", "control: keeps what the attacker finds least likely", screened, tail_score(), true},
    };
  }();
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

namespace {

Json to_json(const Method& m, const AttackSettings& a, int digits, std::uint64_t seed) {
  const Settings& s = m.settings;
  return {{"method", m.name},
          {"seed", seed},
          {"digits", digits},
          {"budget", s.budget},
          {"per_round", s.per_round},
          {"accepted", s.accepted},
          {"f", s.f},
          {"kappa", s.kappa},
          {"phi_epochs", s.phi_epochs},
          {"distil_epochs", s.distil_epochs},
          {"screened", s.screened},
          {"memory", s.memory == Memory::distil ? "distil" : "regions"},
          {"rate", a.fit.rate},
          {"batch", a.fit.batch},
          {"measured_samples", a.measured_samples}};
}

RoundRecord record_from(const Json& line) {
  return {line.at("nre").get<std::int64_t>(), line.at("positives").get<std::int64_t>(),
          line.at("submitted").get<std::int64_t>(), rate_from(line.at("measured").at("success"))};
}

std::vector<Json> read_lines(const fs::path& path, std::size_t bytes) {
  std::vector<Json> lines;
  if (!bytes) return lines;
  const std::string text = read_file(path).substr(0, bytes);
  for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != text.npos; begin = end + 1) {
    lines.push_back(Json::parse(text.substr(begin, end - begin), nullptr, false));
    ENSURE_AS(!lines.back().is_discarded(), InputError, path.string(),
              "line " << lines.size() << " is damaged; remove the folder and start again");
  }
  return lines;
}

// Where the first `lines` lines of a file end. Clock times stay out of checkpoints, so their file is cut by
// lines.
std::size_t bytes_of_lines(const fs::path& path, std::size_t lines) {
  if (lines == 0) return 0;
  const std::string text = read_file(path);
  std::size_t end = 0;
  for (std::size_t i = 0; i < lines; ++i) {
    end = text.find('\n', end) + 1;
    ENSURE_AS(end != 0, InputError, path.string(),
              "has fewer than " << lines << " lines; remove the folder and start again");
  }
  return end;
}

// Tells networks apart: FNV-1a, 64 bits, over the weights.
std::string fingerprint(const GPT& model) {
  std::uint64_t hash = 14695981039346656037u;
  for (real value : model.parameters.values) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    hash = (hash ^ bits) * 1099511628211u;
  }
  std::ostringstream text;
  text << std::hex << hash;
  return text.str();
}

std::vector<Attempt> first_texts(const std::vector<Proposal>& proposals, std::size_t n) {
  return texts(std::span(proposals).first(std::min(n, proposals.size())));
}

// One line of metrics.jsonl: the round, and the attacker it made, measured outside the budget.
Json round_line(const Round& r, std::int64_t nre, const Measurement& m, const Oracle::Judge& judge,
                int digits) {
  constexpr std::size_t looked_at = 500;  // proposals and accepted strings
  const std::vector<Attempt> kept(
      r.accepted.begin(),
      r.accepted.begin() + static_cast<std::ptrdiff_t>(std::min(looked_at, r.accepted.size())));
  return {
      {"round", r.number},
      {"nre", nre},
      {"submitted", r.rewards.size()},
      {"positives", std::count(r.rewards.begin(), r.rewards.end(), true)},
      {"drawn_for_submission", r.attempts.drawn},
      {"proposals", r.proposals.kept.size()},
      {"proposals_drawn", r.proposals.drawn},
      {"accepted", r.accepted.size()},
      {"phi_nats_per_token", r.phi_loss},
      {"tau", r.tau},
      {"proposal_success", to_json(measure(judge, digits, first_texts(r.proposals.kept, looked_at)).success)},
      {"accepted_success", to_json(measure(judge, digits, kept).success)},
      {"measured", to_json(m)},
      {"examples", first_texts(r.proposals.kept, 3)}};
}

// A round is over when its checkpoint is in place; whatever a killed round left behind is cut off.
struct Saved {
  std::unique_ptr<GptGenerator> theta;
  std::size_t rounds = 0, metrics_bytes = 0;
  std::int64_t nre = 0;
  bool finished = false;
  std::vector<Region> regions;
};

void save(const fs::path& folder, const State& state, const Saved& saved) {
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
                   {"nre", std::to_string(saved.nre)},
                   {"metrics_bytes", std::to_string(saved.metrics_bytes)},
                   {"finished", saved.finished ? "yes" : "no"},
                   {"regions", regions.dump()}});
}

Saved load(const fs::path& folder, const GPT& attacker, const FitSettings& fit) {
  Saved saved;
  const fs::path path = folder / "attacker.safetensors";
  if (!fs::exists(path)) {
    saved.theta = std::make_unique<GptGenerator>(attacker, fit);
    return saved;
  }
  Checkpoint checkpoint = load_checkpoint(path);
  try {
    saved.rounds = std::stoul(checkpoint.metadata.at("rounds"));
    saved.nre = std::stol(checkpoint.metadata.at("nre"));
    saved.metrics_bytes = std::stoul(checkpoint.metadata.at("metrics_bytes"));
    saved.finished = checkpoint.metadata.at("finished") == "yes";
    for (const Json& region : Json::parse(checkpoint.metadata.at("regions"))) {
      const fs::path file = folder / ("phi" + std::to_string(saved.regions.size() + 1) + ".safetensors");
      saved.regions.push_back({std::make_shared<GptGenerator>(load_checkpoint(file).model, fit),
                               region.at("kappa").get<double>(), region.at("tau").get<double>()});
    }
  } catch (const std::logic_error& error) {
    ENSURE_AS(false, InputError, path.string(),
              "its metadata is damaged (" << error.what() << "); remove the folder and start again");
  } catch (const Json::exception& error) {
    ENSURE_AS(false, InputError, path.string(),
              "its metadata is damaged (" << error.what() << "); remove the folder and start again");
  }
  saved.theta = std::make_unique<GptGenerator>(std::move(checkpoint.model), fit);
  return saved;
}

}  // namespace

AttackResult run_attack(const fs::path& folder, const Method& method, const AttackSettings& a,
                        const GPT& target, const GPT& attacker, int digits, std::uint64_t seed,
                        const std::function<void(std::int64_t)>& on_round) {
  fs::create_directories(folder);
  const fs::path config = folder / "config.json", metrics = folder / "metrics.jsonl",
                 timing = folder / "timing.jsonl";
  Json wanted_config = to_json(method, a, digits, seed);
  wanted_config["target"] = fingerprint(target);
  wanted_config["attacker"] = fingerprint(attacker);
  const std::string wanted = wanted_config.dump(2) + '\n';
  if (fs::exists(config)) {
    ENSURE_AS(read_file(config) == wanted, InputError, folder.string(),
              "holds an attack with other settings or networks; choose another --out folder or remove it");
  } else {
    write_file(config, wanted);
  }
  Saved saved = load(folder, attacker, a.fit);
  AttackResult result;
  for (const Json& line : read_lines(metrics, saved.metrics_bytes))
    result.rounds.push_back(record_from(line));
  const std::size_t timing_bytes = bytes_of_lines(timing, saved.rounds);
  for (const Json& line : read_lines(timing, timing_bytes))
    result.seconds += line.at("seconds").get<double>();
  on_round(saved.finished ? method.settings.budget : saved.nre);
  if (saved.finished) return result;

  const Oracle::Judge judge = addition_judge(target, digits);
  const Oracle::Judge blind = [](std::span<const Attempt> attempts) {
    return std::vector<Verdict>(attempts.size());
  };
  Oracle oracle(method.consults_oracle ? judge : blind, method.settings.budget, folder / "ledger.jsonl",
                saved.nre);
  AppendFile metrics_file(metrics, saved.metrics_bytes), timing_file(timing, timing_bytes);
  State state{std::move(saved.theta), std::move(saved.regions), saved.rounds};
  bool finished = false;
  const auto commit = [&](const State& now, bool last) {
    finished = last;
    save(folder, now, {nullptr, now.rounds, metrics_file.size(), oracle.used(), last, {}});
  };
  Stopwatch watch;
  const auto after_round = [&](const State& now, const Round& round) {
    const double worked = watch.seconds();
    watch = Stopwatch();
    const Stream random{seed, "measured", static_cast<std::uint32_t>(round.number)};
    const Draws samples = draw(*now.theta, now.regions, nullptr, a.measured_samples, random);
    const Measurement m = measure(judge, digits, texts(samples.kept));
    const Json line = round_line(round, oracle.used(), m, judge, digits);
    metrics_file.append(line.dump() + '\n');
    timing_file.append(
        Json{{"round", round.number}, {"seconds", worked}, {"measuring_seconds", watch.seconds()}}.dump() +
        '\n');
    result.rounds.push_back(record_from(line));
    result.seconds += worked;
    commit(now, oracle.used() >= oracle.budget());
    on_round(oracle.used());
    watch = Stopwatch();
    return true;
  };
  run(
      state, oracle, method.settings, method.score,
      [digits](const Attempt& x) { return !addition::parse(x, digits); }, seed, after_round);
  if (!finished) commit(state, true);  // stopped early: nothing new could be drawn
  on_round(method.settings.budget);
  return result;
}

}  // namespace banel
