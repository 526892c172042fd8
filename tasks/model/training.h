// Training a network on endless fresh examples, in a folder: a second call loads what the first one made, and
// an interrupted call resumes.
//   NetworkFile file{folder, "target", settings};
//   if (auto done = file.finished(config)) return *done;               // weights and report are there
//   const Training t = train(model, file, settings, {seed, "data"}, 50'000, example, enough, progress);
//   file.finish(model, report);
#pragma once
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nn/gpt.h"
#include "nn/io/json.h"
#include "nn/train.h"
#include "tasks/base/progress.h"
#include "tasks/model/label.h"
#include "tasks/model/value.h"

namespace banel {

struct TrainingSettings {
  int d_model = 64, layers = 2, heads = 4;
  int batch = 256;            // examples per step
  double rate = 3e-3;         // peak learning rate; linear warm-up, half cosine down to 0
  std::int64_t warmup = 300;  // steps
  double weight_decay = 0;
  bool muon = false;                  // for the matrices of the blocks, instead of AdamW
  std::int64_t examples = 1'000'000;  // length of the schedule
};
Json to_json(const TrainingSettings&);

// The settings OF_width, OF_layers, OF_heads, OF_batch, OF_rate and OF_examples of a task that trains the
// network OF, and what their values make of the defaults. Errors: UsageError if OF_heads does not divide
// OF_width or makes heads too wide, or if OF_batch exceeds OF_examples.
void add_training_settings(std::vector<Setting>&, const std::string& of, const TrainingSettings& defaults);
TrainingSettings training_from(const Values&, const std::string& of, const TrainingSettings& defaults);

// FOLDER/NAME.safetensors and its report FOLDER/NAME.json; FOLDER/NAME.partial.safetensors while it is
// trained.
struct NetworkFile {
  std::filesystem::path folder;
  std::string name;      // its role: "target"
  std::string settings;  // all that must agree between two calls, as JSON text

  Label label() const;  // of its files
  std::filesystem::path weights() const { return folder / (name + ".safetensors"); }
  std::filesystem::path report() const { return folder / (name + ".json"); }
  std::filesystem::path partial() const { return folder / (name + ".partial.safetensors"); }

  // The network if it is finished. Nothing is ever overwritten. Errors: InputError if its report names other
  // settings, if its label is that of another role or of other settings, or if the weights are those of
  // another network.
  std::optional<GPT> finished(const GPTConfig&) const;
  void finish(const GPT&, const Json& result) const;  // the report: `settings`, `result`, `weights`

 private:
  std::string hash() const;  // of the weights: tells them from those of another network of the same size
};

struct TrainingCheck {  // of the network on the way, by fresh questions
  std::int64_t examples = 0;
  double loss = 0, error = 0;
  std::int64_t questions = 0;
};
Json to_json(const std::vector<TrainingCheck>&);
std::vector<TrainingCheck> checks_from(const Field&);  // errors: InputError

// How far an unfinished training has come: metadata of its checkpoint.
struct Training {
  std::int64_t examples = 0;
  double loss = 0;     // running mean, nats per counted token
  double seconds = 0;  // over all calls
  std::vector<TrainingCheck> checks = {};
};
Training parse_training(std::string_view json, std::string_view where);  // errors: InputError

// Trains `model` until the schedule ends or done(training) is true, asked every `check_every` examples.
// Example i of the run is made from data[i]. Errors: InputError if the partial file belongs to other
// settings.
Training train(GPT& model, const NetworkFile&, const TrainingSettings&, Stream data, std::int64_t check_every,
               const std::function<Example(Rng&)>& example, const std::function<bool(Training&)>& done,
               Progress&);

}  // namespace banel
