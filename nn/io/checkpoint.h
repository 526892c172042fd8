// Networks as safetensors files: weights by name, the configuration in the metadata, and, for a training that is
// to be resumed, the optimiser's moments. Any safetensors reader opens them.
//   save_checkpoint("gpt.safetensors", gpt);      GPT same = load_checkpoint("gpt.safetensors").model;
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "nn/train.h"

namespace banel {

using Metadata = std::map<std::string, std::string>;

struct Checkpoint {
  GPT model;
  Metadata metadata;                      // what save_checkpoint was given, with the configuration
  std::optional<AdamW::State> optimizer;  // if it was saved
};

// The bytes of the file: the same network gives the same bytes. The metadata keys of the configuration
// ("vocabulary", "context", ...) are reserved.
std::string encode_checkpoint(const GPT&, const Metadata& = {}, const AdamW::State* = nullptr);

// The same as a file, written in one atomic step.
void save_checkpoint(const std::filesystem::path&, const GPT&, const Metadata& = {}, const AdamW::State* = nullptr);

// Errors: InputError naming what is missing, unknown, not finite or of another shape than the configuration
// says. Whatever it claims, no piece of memory is larger than the file, and all of it about three times that.
Checkpoint decode_checkpoint(std::string_view bytes, std::string_view where);
Checkpoint load_checkpoint(const std::filesystem::path&);

// The metadata under the key, which must be a whole number from 0 to `highest` in plain digits (InputError).
std::int64_t metadata_integer(const Metadata&, const std::string& key, std::int64_t highest,
                              std::string_view where);

}  // namespace banel
