// Named float tensors in one file, in the safetensors format that any framework reads:
//   8 bytes       length n of the header, little-endian
//   n bytes       JSON: {"__metadata__": {text: text}, NAME: {"dtype": "F32", "shape": [2, 3],
//                 "data_offsets": [begin, end]}, ...}, padded with spaces to a multiple of 8
//   the rest      the numbers, little-endian, row-major; offsets count from here and leave no byte unused
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace banel {

struct NamedTensor {
  std::string name;
  std::vector<std::int64_t> shape;  // empty for a scalar
  std::vector<float> values;        // row-major; as many as the product of the shape
};

struct TensorFile {
  std::map<std::string, std::string> metadata;
  std::vector<NamedTensor> tensors;  // in the order of their data
};

// The bytes of the file, always F32; the same TensorFile gives the same bytes. UsageError if a name is
// repeated or reserved ("__metadata__"), a text is not UTF-8, a shape does not fit its values, or there are
// more tensors than decode_safetensors takes. NaN and Inf are kept.
std::string encode_safetensors(const TensorFile& file);

// Reads F32 and F64 (rounded to float). Everything the format does not allow is an InputError that begins
// with `where`: damage is named, never repaired or skipped. Whatever a header claims, memory stays within the
// size of `bytes` and 20 MB, for which a file may have at most 100,000 keys (about 25,000 tensors), 32
// dimensions and texts of 1 MiB (2^20 bytes).
TensorFile decode_safetensors(std::string_view bytes, std::string_view where);

// The same with a file: written in one atomic step (see nn/file.h).
void save_safetensors(const std::filesystem::path& path, const TensorFile& file);
TensorFile load_safetensors(const std::filesystem::path& path);

}  // namespace banel
