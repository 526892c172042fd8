#include "tasks/model/pretrain.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "nn/io/checkpoint.h"
#include "nn/io/file.h"
#include "tasks/model/gpt_generator.h"
#include "tensor/check.h"

namespace banel {

using namespace addition;
namespace fs = std::filesystem;

namespace {

constexpr const char *training_key = "training",
                     *settings_key = "settings";  // metadata of a partial checkpoint

Json to_json(const Training& t) {
  return {{"examples", t.examples}, {"loss", t.loss}, {"seconds", t.seconds}, {"checks", t.checks}};
}

// Trains `model` on fresh examples until the schedule ends or done(model, training) is true, asked every
// `check_every` examples. Goes on from PARTIAL if it exists, and keeps it up to date at every check;
// `settings` is all that must agree between the two calls.
Training train(GPT& model, const TrainingSettings& s, const Json& settings, const fs::path& partial,
               Stream data, std::int64_t check_every, const std::function<Example(Rng&)>& example,
               const std::function<bool(Training&)>& done, Progress& progress) {
  Trainer trainer(model, {.weight_decay = s.weight_decay, .muon = s.muon});
  Training training{.checks = Json::array()};
  if (fs::exists(partial)) {
    Checkpoint checkpoint = load_checkpoint(partial);
    ENSURE_AS(checkpoint.model.config() == model.config() && checkpoint.optimizer &&
                  checkpoint.metadata[settings_key] == settings.dump(),
              InputError, partial.string(), "belongs to a run with other settings; remove it to start again");
    model = std::move(checkpoint.model);
    trainer.optimizer().restore(*checkpoint.optimizer);
    training = parse_training(checkpoint.metadata[training_key], partial.string() + ": metadata 'training'");
    ENSURE_AS(training.examples == trainer.steps() * s.batch, InputError, partial.string(),
              "has " << training.examples << " examples in " << trainer.steps() << " steps of " << s.batch
                     << "; remove it to start again");
    progress.resume(training.examples);
  }
  const std::int64_t steps = s.examples / s.batch,
                     check_steps = std::max<std::int64_t>(1, check_every / s.batch);
  const Schedule schedule{.peak = s.rate, .warmup = s.warmup, .total = steps, .floor = 0};
  const Stopwatch watch;
  const double seconds_before = training.seconds;
  Batch batch;
  for (std::int64_t step = trainer.steps(); step < steps; ++step) {
    batch.clear();
    for (int i = 0; i < s.batch; ++i) {
      Rng rng = data[static_cast<std::size_t>(step * s.batch + i)];
      batch.add(example(rng));
    }
    batch.normalise();
    const double loss = trainer.step(batch, schedule.at(step)).loss;
    training.loss = step == 0 ? loss : 0.99 * training.loss + 0.01 * loss;
    training.examples = (step + 1) * s.batch;
    if (step % 20 == 0) progress.update(training.examples, "loss " + std::to_string(training.loss));
    if ((step + 1) % check_steps == 0 || step + 1 == steps) {
      const bool enough = done(training);
      training.seconds = seconds_before + watch.seconds();
      if (enough) break;
      save_checkpoint(partial, model,
                      {{training_key, to_json(training).dump()}, {settings_key, settings.dump()}},
                      &trainer.optimizer().state());
    }
  }
  return training;
}

Json to_json(const TrainingSettings& s) {
  return {{"d_model", s.network.d_model},
          {"layers", s.network.layers},
          {"heads", s.network.heads},
          {"batch", s.batch},
          {"rate", s.rate},
          {"warmup_steps", s.warmup},
          {"weight_decay", s.weight_decay},
          {"muon", s.muon},
          {"schedule_examples", s.examples}};
}

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

// A finished network is one whose report names the same settings; anything else is refused, never
// overwritten.
std::optional<GPT> finished(const fs::path& weights, const fs::path& partial, const fs::path& report,
                            const Json& settings) {
  if (!fs::exists(report)) return std::nullopt;
  const Json found = read_json(report);
  ENSURE_AS(Field(found, report.string())["settings"].value() == settings, InputError, report.string(),
            "was made with other settings than these: " << settings.dump()
                                                        << "; choose another --out folder or remove it");
  fs::remove(partial);  // left by a kill between the report and its removal
  return load_checkpoint(weights).model;
}

void finish(const fs::path& weights, const fs::path& partial, const fs::path& report, const GPT& model,
            const Json& result) {
  save_checkpoint(weights, model);
  write_file(report, result.dump(2) + '\n');
  fs::remove(partial);
}

}  // namespace

GPT train_target(const fs::path& folder, const TargetSettings& s, int digits, std::uint64_t seed,
                 ProgressMode mode) {
  const fs::path weights = folder / "target.safetensors", report = folder / "target.json",
                 partial = folder / "target.partial.safetensors";
  const TrainingSettings& t = s.training;
  Json settings{{"digits", digits},
                {"seed", seed},
                {"training", to_json(t)},
                {"length_draws", s.length_draws},
                {"nines", s.nines},
                {"stop_error", s.stop_error},
                {"check_every", s.check_every},
                {"check_questions", s.check_questions},
                {"final_questions", s.final_questions}};
  if (auto model = finished(weights, partial, report, settings)) return std::move(*model);
  create_folders(folder);
  GPT model(target_config(digits, t.network.d_model, t.network.layers, t.network.heads),
            Rng(seed, "target weights"));
  Training training;
  {
    Progress progress("target", t.examples, mode);
    const auto good_enough = [&](Training& now) {
      const Rate error = check(
          model, s, digits, {seed, "target check", static_cast<std::uint32_t>(now.examples / s.check_every)});
      now.checks.push_back(
          {{"examples", now.examples}, {"loss", now.loss}, {"error", error.value()}, {"questions", error.n}});
      return error.n >= static_cast<std::int64_t>(s.check_questions) && error.value() <= s.stop_error;
    };
    training = train(
        model, t, settings, partial, {seed, "target data"}, s.check_every,
        [&](Rng& rng) { return target_example(random_question(digits, rng, s.length_draws, s.nines)); },
        good_enough, progress);
  }
  Json result{{"settings", settings},
              {"examples", training.examples},
              {"checks", training.checks},
              {"training_seconds", training.seconds}};
  result.update(to_json(measure_errors(model, digits, s.final_questions, {seed, "target error"})));
  finish(weights, partial, report, model, result);
  return model;
}

GPT train_attacker(const fs::path& folder, const AttackerSettings& s, int digits, std::uint64_t seed,
                   const GPT& target, ProgressMode mode) {
  const fs::path weights = folder / "attacker.safetensors", report = folder / "attacker.json",
                 partial = folder / "attacker.partial.safetensors";
  const TrainingSettings& t = s.training;
  const Json settings{
      {"digits", digits}, {"seed", seed}, {"training", to_json(t)}, {"final_samples", s.final_samples}};
  if (auto model = finished(weights, partial, report, settings)) return std::move(*model);
  create_folders(folder);
  GPT model(attacker_config(digits, t.network.d_model, t.network.layers, t.network.heads),
            Rng(seed, "attacker weights"));
  Training training;
  {
    Progress progress("attacker", t.examples, mode);
    training = train(
        model, t, settings, partial, {seed, "attacker data"}, 100'000,
        [&](Rng& rng) { return attacker_example(random_question(digits, rng)); },
        [](Training&) { return false; }, progress);
  }
  const Measurement base = measure_samples(GptGenerator(model, {}), addition_judge(target, {digits}),
                                           {digits}, s.final_samples, {seed, "attacker base"});
  Json result{{"settings", settings},
              {"examples", training.examples},
              {"loss", training.loss},
              {"training_seconds", training.seconds},
              {"base", to_json(base)}};
  finish(weights, partial, report, model, result);
  return model;
}

TargetReport parse_target_report(std::string_view json, std::string_view where) {
  const Json value = parse_json(json, where);
  const Field report(value, std::string(where));
  return {rate_from(report["error"]), report["examples"].count(), report["training_seconds"].number()};
}

Rate parse_base_rate(std::string_view attacker_json, std::string_view where) {
  const Json value = parse_json(attacker_json, where);
  return rate_from(Field(value, std::string(where))["base"]["success"]);
}

Training parse_training(std::string_view json, std::string_view where) {
  const Json value = parse_json(json, where);
  const Field training(value, std::string(where));
  training["checks"].items();  // it must be an array; what is in it goes to the report as it is
  return {training["examples"].count(), training["loss"].number(), training["seconds"].number(),
          training["checks"].value()};
}

}  // namespace banel
