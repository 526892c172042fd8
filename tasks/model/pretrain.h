// The two networks every experiment starts from: the target that adds, and the attacker that writes
// questions. Both are kept in the run folder; a second call loads them, an interrupted call goes on where it
// was.
#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>

#include "nn/gpt.h"
#include "tasks/run/measure.h"
#include "tasks/base/progress.h"

namespace banel {

struct NetworkSettings {
  int d_model = 64, layers = 2, heads = 4;
};

struct TrainingSettings {
  NetworkSettings network;
  int batch = 256;            // examples per step
  double rate = 3e-3;         // peak learning rate; linear warm-up, half cosine down to 0
  std::int64_t warmup = 300;  // steps
  double weight_decay = 0;
  bool muon = false;                  // for the matrices of the blocks, instead of AdamW
  std::int64_t examples = 1'000'000;  // length of the schedule; every example is fresh
};

struct TargetSettings {
  TrainingSettings training;
  // Of its training data (random_question): long operands and rippling carries, where nearly all errors are,
  // come more often with 2 than with 1 and above 0. Errors are always measured on uniform questions.
  int length_draws = 1;
  double nines = 0;
  double stop_error = 3.5e-4;  // stop at the first checkpoint with at most this (paper's base rate: 4e-4)
  std::int64_t check_every = 100'000;  // examples between checkpoints
  std::size_t check_questions = 300'000;
  std::size_t final_questions = 1'000'000;
};

struct AttackerSettings {
  TrainingSettings training;
  std::size_t final_samples = 1'000'000;
};

// Trains, saves FOLDER/target.safetensors and writes FOLDER/target.json: settings, the checks made on the
// way, the error on final_questions fresh questions with its interval, and where the target errs.
GPT train_target(const std::filesystem::path& folder, const TargetSettings&, int digits, std::uint64_t seed,
                 ProgressMode);

// Trains on questions alone, saves FOLDER/attacker.safetensors and writes FOLDER/attacker.json: base success
// rate on final_samples samples with its interval, shares of invalid and leading-zero strings.
GPT train_attacker(const std::filesystem::path& folder, const AttackerSettings&, int digits,
                   std::uint64_t seed, const GPT& target, ProgressMode);

// What tables quote of target.json.
struct TargetReport {
  Rate error;
  std::int64_t examples = 0;
  double training_seconds = 0;
};
// Errors of these: InputError naming the line, or the value that is missing or impossible.
TargetReport parse_target_report(std::string_view json, std::string_view where);
Rate parse_base_rate(std::string_view attacker_json, std::string_view where);

// How far an unfinished training has come: metadata of its checkpoint.
struct Training {
  std::int64_t examples = 0;
  double loss = 0;     // running mean, nats per counted token
  double seconds = 0;  // over all calls
  Json checks;         // an array
};
Training parse_training(std::string_view json, std::string_view where);

}  // namespace banel
