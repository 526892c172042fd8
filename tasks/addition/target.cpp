#include "tasks/addition/target.h"

#include <algorithm>
#include <cmath>

#include "nn/io/file.h"
#include "tasks/base/text.h"
#include "tasks/base/words.h"

namespace banel::addition {

namespace {

// The error on check_questions fresh questions, or on the first of them if these already have more errors
// than all may have, or six standard deviations more than a target at stop_error would have there.
Rate check(const GPT& target, const TargetSettings& s, int digits, Stream questions) {
  constexpr std::size_t piece = 5'000;
  Rate error;
  for (std::size_t asked = 0; asked < s.check_questions; asked += piece) {
    const Rate r =
        measure_errors(target, digits, std::min(piece, s.check_questions - asked), questions.from(asked)).all;
    error.k += r.k;
    error.n += r.n;
    const auto errors = static_cast<double>(error.k), here = s.stop_error * static_cast<double>(error.n),
               at_most = s.stop_error * static_cast<double>(s.check_questions);
    if (errors > std::min(at_most, here + 6 * std::sqrt(here))) break;
  }
  return error;
}

bool passed(const TrainingCheck& check, const TargetSettings& s) {
  return check.questions >= static_cast<std::int64_t>(s.check_questions) && check.error <= s.stop_error;
}

std::string settings_text(const TargetSettings& s, int digits, std::uint64_t seed) {
  return Json{{"digits", digits},
              {"seed", seed},
              {"training", to_json(s.training)},
              {"length_draws", s.preference.length_draws},
              {"nines", s.preference.nines},
              {"stop_error", s.stop_error},
              {"check_every", s.check_every},
              {"check_questions", s.check_questions},
              {"final_questions", s.final_questions}}
      .dump();
}

}  // namespace

GPT train_target(const std::filesystem::path& folder, const TargetSettings& s, int digits, std::uint64_t seed,
                 ProgressMode mode) {
  const NetworkFile file{folder, "target", settings_text(s, digits, seed)};
  const TrainingSettings& t = s.training;
  const GPTConfig config = target_config(digits, t.d_model, t.layers, t.heads);
  if (auto model = file.finished(config)) return std::move(*model);
  create_folders(folder);
  GPT model(config, Rng(seed, "target weights"));
  Training training;
  {
    Progress progress("target", t.examples, mode);
    const auto good_enough = [&](Training& now) {
      const auto number = static_cast<std::uint32_t>(now.examples / s.check_every);
      const Rate error = check(model, s, digits, {seed, "target check", number});
      now.checks.push_back({now.examples, now.loss, error.value(), error.n});
      return passed(now.checks.back(), s);
    };
    training = train(
        model, file, t, {seed, "target data"}, s.check_every,
        [&](Rng& rng) { return target_example(random_question(digits, rng, s.preference)); }, good_enough,
        progress);
  }
  Json result{{"examples", training.examples},
              {"checks", to_json(training.checks)},
              {"training_seconds", training.seconds}};
  if (const std::string warning = shortfall(training.checks, s); !warning.empty())
    result["warning"] = warning;
  result.update(to_json(measure_errors(model, digits, s.final_questions, {seed, "target error"})));
  file.finish(model, result);
  return model;
}

ErrorMap measure_errors(const GPT& target, int digits, std::size_t questions, Stream random) {
  constexpr std::size_t batch = 1 << 16;  // questions at a time: memory stays small
  ErrorMap map;
  for (std::size_t first = 0; first < questions; first += batch) {
    std::vector<Question> asked;
    for (std::size_t i = first; i < std::min(first + batch, questions); ++i) {
      Rng rng = random[i];
      asked.push_back(random_question(digits, rng));
    }
    const std::vector<std::string> written = answers(target, asked);
    for (std::size_t i = 0; i < asked.size(); ++i) {
      const Question& q = asked[i];
      const bool wrong = is_wrong(written[i], q, Judged::as_text);
      map.all.count(wrong);
      map.by_carry[longest_carry(q)].count(wrong);
      map.by_lengths[{static_cast<int>(q.a.size()), static_cast<int>(q.b.size())}].count(wrong);
    }
  }
  return map;
}

Json to_json(const ErrorMap& map) {
  Json carry = Json::array(), lengths = Json::array();
  for (const auto& [chain, rate] : map.by_carry) carry.push_back(to_json(rate))["carry_chain"] = chain;
  for (const auto& [digits, rate] : map.by_lengths)
    lengths.push_back(to_json(rate))["lengths"] =
        std::to_string(digits.first) + "+" + std::to_string(digits.second);
  return {{"error", to_json(map.all)}, {"by_carry_chain", carry}, {"by_lengths", lengths}};
}

TargetReport parse_target_report(std::string_view json, std::string_view where) {
  const Json value = parse_json(json, where);
  const Field report(value, std::string(where));
  return {rate_from(report["error"]), report["examples"].count(), report["training_seconds"].number(),
          checks_from(report["checks"])};
}

std::string shortfall(const std::vector<TrainingCheck>& checks, const TargetSettings& s) {
  if (!checks.empty() && passed(checks.back(), s)) return {};
  const TrainingCheck last = checks.empty() ? TrainingCheck{.error = 1} : checks.back();
  return "the target ended its training of " + grouped(last.examples) + " examples with an error of " +
         formatted("%.3g", last.error) + ", above stop_error = " + shortest(s.stop_error) +
         "; raise target_examples or stop_error";
}

}  // namespace banel::addition
