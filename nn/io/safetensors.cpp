#include "nn/io/safetensors.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <set>
#include <string_view>
#include <utility>

#include "nn/io/file.h"
#include "nn/io/json.h"
#include "nn/io/safetensors_header.h"
#include "tensor/check.h"

namespace banel {
namespace {

using safetensors::element_count;
using safetensors::largest_header;
using safetensors::largest_key_count;
using safetensors::largest_rank;
using safetensors::length_bytes;
using safetensors::metadata_key;

static_assert(std::endian::native == std::endian::little, "the numbers are copied as they lie in memory");

constexpr std::size_t alignment = 8;        // of the data in a file that we write
constexpr std::size_t keys_per_tensor = 4;  // its name, dtype, shape and data_offsets

template <class Stored>
std::vector<float> read_values(std::string_view data, std::string_view name, std::string_view where) {
  std::vector<float> values(data.size() / sizeof(Stored));
  for (std::size_t i = 0; i < values.size(); ++i) {
    Stored stored;
    std::memcpy(&stored, data.data() + i * sizeof(Stored), sizeof(Stored));
    values[i] = static_cast<float>(stored);
    if (std::isinf(values[i]) && !std::isinf(stored))
      safetensors::refuse(where, "tensor " + in_quotes(name) + " has a number too large for a float");
  }
  return values;
}

// The header that encode_safetensors writes, checked and padded.
std::string header_text(const TensorFile& file) {
  constexpr const char* where = "encode_safetensors";
  ENSURE(1 + file.metadata.size() + keys_per_tensor * file.tensors.size() <= largest_key_count, where,
         file.tensors.size() << " tensors and " << file.metadata.size() << " texts; use several files");
  Json::Members header;
  std::set<std::string_view> names{metadata_key};
  if (!file.metadata.empty())
    header.emplace_back(metadata_key, Json::object({file.metadata.begin(), file.metadata.end()}));
  std::uint64_t end = 0;
  for (const NamedTensor& tensor : file.tensors) {
    const std::string name = in_quotes(tensor.name);
    const auto overflow = [&] { ENSURE(false, where, name << " has an impossible shape"); };
    ENSURE(names.insert(tensor.name).second, where,
           "the name " << name << " is reserved or used twice; every tensor needs its own");
    ENSURE(tensor.shape.size() <= largest_rank, where, name << " has more than 32 dimensions");
    ENSURE(element_count(tensor.shape, overflow) == tensor.values.size(), where,
           name << " has " << tensor.values.size() << " values, not what its shape needs");
    const std::uint64_t begin = std::exchange(end, end + tensor.values.size() * sizeof(float));
    header.emplace_back(tensor.name,
                        Json{{"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {begin, end}}});
  }
  std::string text;
  try {
    text = Json::object(std::move(header)).dump();
  } catch (const NotUtf8&) {
    ENSURE(false, where, "a name or a metadata text is not valid UTF-8");
  }
  text.append((alignment - text.size() % alignment) % alignment, ' ');
  ENSURE(text.size() <= largest_header, where, "names and metadata take more than 100,000,000 bytes");
  return text;
}

}  // namespace

TensorFile decode_safetensors(std::string_view bytes, std::string_view where) {
  safetensors::Header header = safetensors::read_header(bytes, where);
  TensorFile file{std::move(header.metadata), {}};
  for (safetensors::Entry& entry : header.entries) {
    const auto part = header.data.substr(entry.offsets[0], entry.offsets[1] - entry.offsets[0]);
    std::vector<float> values = entry.dtype == "F32" ? read_values<float>(part, entry.name, where)
                                                     : read_values<double>(part, entry.name, where);
    file.tensors.push_back({std::move(entry.name), std::move(entry.shape), std::move(values)});
  }
  return file;
}

std::string encode_safetensors(const TensorFile& file) {
  const std::string header = header_text(file);
  const std::uint64_t length = header.size();
  std::string bytes(length_bytes, '\0');
  std::memcpy(bytes.data(), &length, length_bytes);
  bytes += header;
  for (const NamedTensor& tensor : file.tensors)
    bytes.append(reinterpret_cast<const char*>(tensor.values.data()), tensor.values.size() * sizeof(float));
  return bytes;
}

void save_safetensors(const std::filesystem::path& path, const TensorFile& file) {
  write_file(path, encode_safetensors(file));
}

TensorFile load_safetensors(const std::filesystem::path& path) {
  return decode_safetensors(read_file(path), path.string());
}

}  // namespace banel
