// Networks as safetensors files: the weights by name, the configuration in the metadata and, for a run that
// will be resumed, the state of the optimiser. Any safetensors reader opens them.
//
//   save_checkpoint("a.safetensors", gpt, {{"role", "attacker"}});
//   Checkpoint c = load_checkpoint("a.safetensors");  // c.model, c.metadata.at("role")
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
  Metadata metadata;                      // what save_checkpoint was given, and the configuration
  std::optional<AdamW::State> optimizer;  // if it was saved
};

// The bytes of a file: the same network gives the same bytes. The names of the fields of GPTConfig are
// reserved in the metadata. Errors: UsageError as encode_safetensors.
std::string encode_checkpoint(const GPT&, const Metadata& = {}, const AdamW::State* = nullptr);

// The same as a file, which it replaces in one step (io/file.h). Errors: also IoError.
void save_checkpoint(const std::filesystem::path&, const GPT&, const Metadata& = {},
                     const AdamW::State* = nullptr);

// Errors: InputError that begins with `where` and names what is missing, unknown, not finite or of another
// shape than the configuration says; load_checkpoint also IoError. Memory beside `bytes` stays within three
// times their size and 16 MB.
Checkpoint decode_checkpoint(std::string_view bytes, std::string_view where);
Checkpoint load_checkpoint(const std::filesystem::path&);

// The value of a key of the metadata. Errors: InputError unless it is a whole number from 0 to `highest` in
// plain digits.
std::int64_t metadata_integer(const Metadata&, const std::string& key, std::int64_t highest,
                              std::string_view where);

}  // namespace banel
