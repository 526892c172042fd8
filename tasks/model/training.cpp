#include "tasks/model/training.h"

#include <algorithm>

#include "nn/io/checkpoint.h"
#include "nn/io/file.h"
#include "tensor/check.h"
#include "tensor/hash.h"
#include "tensor/kernels/kernels.h"

namespace banel {

namespace fs = std::filesystem;

namespace {

constexpr const char *training_key = "training", *settings_key = "settings";  // metadata

Json to_json(const Training& t) {
  return {{"examples", t.examples},
          {"loss", t.loss},
          {"seconds", t.seconds},
          {"checks", banel::to_json(t.checks)}};
}

// What the partial file holds, or a training that has not begun.
Training resumed(GPT& model, Trainer& trainer, const NetworkFile& file, int batch) {
  Training training;
  const fs::path partial = file.partial();
  if (!fs::exists(partial)) return training;
  Checkpoint checkpoint = load_checkpoint(partial);
  ENSURE_AS(checkpoint.model.config() == model.config() && checkpoint.optimizer &&
                checkpoint.metadata[settings_key] == file.settings,
            InputError, partial.string(), "belongs to a run with other settings; remove it to start over");
  check_label(checkpoint.metadata, file.label(), partial.string());
  model = std::move(checkpoint.model);
  trainer.optimizer().restore(*checkpoint.optimizer);
  training = parse_training(checkpoint.metadata[training_key], partial.string() + ": metadata 'training'");
  ENSURE_AS(training.examples == trainer.steps() * batch, InputError, partial.string(),
            "has " << training.examples << " examples in " << trainer.steps() << " steps of " << batch
                   << "; remove it to start over");
  return training;
}

void fill(Batch& batch, int size, std::int64_t step, Stream data,
          const std::function<Example(Rng&)>& example) {
  batch.clear();
  for (int i = 0; i < size; ++i) {
    Rng rng = data[static_cast<std::size_t>(step * size + i)];
    batch.add(example(rng));
  }
  batch.normalise();
}

}  // namespace

Json to_json(const TrainingSettings& s) {
  return {{"d_model", s.d_model},
          {"layers", s.layers},
          {"heads", s.heads},
          {"batch", s.batch},
          {"rate", s.rate},
          {"warmup_steps", s.warmup},
          {"weight_decay", s.weight_decay},
          {"muon", s.muon},
          {"schedule_examples", s.examples}};
}

void add_training_settings(std::vector<Setting>& all, const std::string& of,
                           const TrainingSettings& defaults) {
  all.emplace_back(of + "_width", 4, 1024, defaults.d_model, "width of the " + of);
  all.emplace_back(of + "_layers", 1, 16, defaults.layers, "blocks of the " + of);
  all.emplace_back(of + "_heads", 1, 64, defaults.heads, "attention heads of the " + of);
  all.emplace_back(of + "_batch", 1, 65'536, defaults.batch, "examples per training step of the " + of);
  all.emplace_back(of + "_rate", 1e-8, 1.0, defaults.rate, "peak learning rate of the " + of);
  all.emplace_back(of + "_examples", 1000, 1'000'000'000, defaults.examples,
                   "length of the schedule of the " + of, "examples");
}

TrainingSettings training_from(const Values& values, const std::string& of,
                               const TrainingSettings& defaults) {
  TrainingSettings t = defaults;
  const auto number = [&](const char* key) { return values.at(of + key).number(); };
  t.d_model = static_cast<int>(number("_width"));
  t.layers = static_cast<int>(number("_layers"));
  t.heads = static_cast<int>(number("_heads"));
  t.batch = static_cast<int>(number("_batch"));
  t.rate = number("_rate");
  t.examples = static_cast<std::int64_t>(number("_examples"));
  ENSURE(
      t.batch <= t.examples, of + "_batch",
      t.batch << " is more than " << of << "_examples = " << t.examples << ", so nothing would be trained");
  ENSURE(t.d_model % t.heads == 0, of + "_heads",
         t.heads << " does not divide " << of << "_width = " << t.d_model);
  ENSURE(
      t.d_model / t.heads <= kernels::max_head, of + "_heads",
      t.heads << " makes heads that are " << t.d_model / t.heads << " wide; at most " << kernels::max_head);
  return t;
}

std::optional<GPT> NetworkFile::finished(const GPTConfig& config) const {
  if (!fs::exists(report())) return std::nullopt;
  const Json found = read_json(report());
  ENSURE_AS(
      Field(found, report().string())["settings"].value().dump() == settings, InputError, report().string(),
      "was made with other settings than these: " << settings << "; choose another folder or remove it");
  std::error_code ignored;                                    // where files can only be read
  if (fs::exists(partial())) fs::remove(partial(), ignored);  // a kill came between the report and this
  Checkpoint checkpoint = load_checkpoint(weights());
  check_label(checkpoint.metadata, label(), weights().string());
  const Field told(found, report().string());  // without weights it is of a network that was not compared
  const bool belongs =
      checkpoint.model.config() == config && (!told.has("weights") || told["weights"].text() == hash());
  ENSURE_AS(
      belongs, InputError, weights().string(),
      "is not the network that " << report().filename().string() << " tells of; restore it from a copy");
  return std::move(checkpoint.model);
}

Label NetworkFile::label() const { return label_of("pre-trained " + name, {{settings_key, settings}}); }

std::string NetworkFile::hash() const { return hex(fnv1a(read_file(weights()))); }

void NetworkFile::finish(const GPT& model, const Json& result) const {
  save_checkpoint(weights(), model, label());
  Json text{{"settings", parse_json(settings, "settings")}};
  text.update(result);
  text["weights"] = hash();
  write_file(report(), text.dump(2) + '\n');
  fs::remove(partial());
}

Training train(GPT& model, const NetworkFile& file, const TrainingSettings& s, Stream data,
               std::int64_t check_every, const std::function<Example(Rng&)>& example,
               const std::function<bool(Training&)>& done, Progress& progress) {
  Trainer trainer(model, {.weight_decay = s.weight_decay, .muon = s.muon});
  Training training = resumed(model, trainer, file, s.batch);
  progress.resume(training.examples);
  const std::int64_t steps = s.examples / s.batch,
                     check_steps = std::max<std::int64_t>(1, check_every / s.batch);
  const Schedule schedule{.peak = s.rate, .warmup = s.warmup, .total = steps, .floor = 0};
  const Stopwatch watch;
  const double seconds_before = training.seconds;
  Batch batch;
  for (std::int64_t step = trainer.steps(); step < steps; ++step) {
    fill(batch, s.batch, step, data, example);
    const double loss = trainer.step(batch, schedule.at(step)).loss;
    training.loss = step == 0 ? loss : 0.99 * training.loss + 0.01 * loss;
    training.examples = (step + 1) * s.batch;
    if (step % 20 == 0) progress.update(training.examples, "loss " + std::to_string(training.loss));
    if ((step + 1) % check_steps == 0 || step + 1 == steps) {
      const bool enough = done(training);
      training.seconds = seconds_before + watch.seconds();
      if (enough) break;
      Label metadata = file.label();
      metadata[training_key] = to_json(training).dump();
      save_checkpoint(file.partial(), model, metadata, &trainer.optimizer().state());
    }
  }
  return training;
}

Json to_json(const std::vector<TrainingCheck>& checks) {
  Json json = Json::array();
  for (const TrainingCheck& c : checks)
    json.push_back(
        {{"examples", c.examples}, {"loss", c.loss}, {"error", c.error}, {"questions", c.questions}});
  return json;
}

std::vector<TrainingCheck> checks_from(const Field& checks) {
  std::vector<TrainingCheck> all;
  for (const Field& c : checks.items())
    all.push_back({c["examples"].count(), c["loss"].number(), c["error"].number(), c["questions"].count()});
  return all;
}

Training parse_training(std::string_view json, std::string_view where) {
  const Json value = parse_json(json, where);
  const Field training(value, std::string(where));
  return {training["examples"].count(), training["loss"].number(), training["seconds"].number(),
          checks_from(training["checks"])};
}

}  // namespace banel
