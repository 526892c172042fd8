// Networks as safetensors files: weights by name, the configuration in the metadata, and, for a training run
// that is to go on, the optimiser's moments. Any safetensors reader opens them.
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "nn/train.h"

namespace banel {

using Metadata = std::map<std::string, std::string>;

struct Checkpoint {
  GPT model;
  Metadata metadata;                      // what save_checkpoint was given, with the configuration
  std::optional<AdamW::State> optimizer;  // if it was saved
};

// Written in one atomic step. The metadata keys of the configuration ("vocabulary", "context", ...) are
// reserved.
void save_checkpoint(const std::filesystem::path&, const GPT&, const Metadata& = {},
                     const AdamW::State* = nullptr);

// Errors: InputError naming what is missing, unknown or of another shape than the configuration says.
Checkpoint load_checkpoint(const std::filesystem::path&);

}  // namespace banel
