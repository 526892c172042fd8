// Named float tensors in one file, in the safetensors format, which all frameworks read.
//
//   save_safetensors("a.safetensors", {{{"made by", "me"}}, {{"w", {2, 3}, {1, 2, 3, 4, 5, 6}}}});
//   const TensorFile file = load_safetensors("a.safetensors");  // file.tensors[0].values
//
//   8 bytes       length n of the header, little-endian
//   n bytes       JSON: {"__metadata__": {text: text}, NAME: {"dtype": "F32", "shape": [2, 3],
//                 "data_offsets": [begin, end]}, ...}, padded with spaces, here to a multiple of 8
//   the rest      the numbers, little-endian, row-major; offsets count from here, without gaps or overlaps
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

// The bytes of the file, with dtype F32; NaN and infinity are kept. Errors: UsageError if a name is used
// twice or is "__metadata__", a text is not UTF-8, a shape does not fit its values, or decode_safetensors
// would refuse the file for its size.
std::string encode_safetensors(const TensorFile& file);

// The tensors of dtype F32 and F64, the latter rounded to float. Errors: InputError that begins with `where`
// and tells a damaged file ("not a valid safetensors file") from one that is not used here ("a valid
// safetensors file, but ..."), which has other dtypes or keys; nothing is repaired or skipped. Whatever the
// header claims, memory beside `bytes` stays within their size and 16 MB. For this a file may have at most
// 80,000 keys (about 20,000 tensors), 32 dimensions, and 1 MiB (2^20 bytes) in a text.
TensorFile decode_safetensors(std::string_view bytes, std::string_view where);

// The same with a file, which is replaced in one step (io/file.h).
void save_safetensors(const std::filesystem::path& path, const TensorFile& file);
TensorFile load_safetensors(const std::filesystem::path& path);

}  // namespace banel
