// The header of a safetensors file (safetensors.h): its limits, and a reader that holds a hostile one to
// them.
//
//   const Header header = read_header(bytes, "a.safetensors");
//   // header.entries in the order of their data, which begin at header.data
#pragma once
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace banel::safetensors {

constexpr std::size_t length_bytes = 8;                // the file begins with the length of its header
constexpr std::uint64_t largest_header = 100'000'000;  // the limit of the reference implementation
constexpr std::size_t largest_rank = 32;               // what numpy opens; bounds the memory of a shape
constexpr std::size_t largest_key_count = 80'000;      // bounds the memory of a header of tiny tensors
constexpr const char* metadata_key = "__metadata__";

struct Entry {  // what the header says about one tensor
  std::string name, dtype;
  std::vector<std::int64_t> shape;
  std::vector<std::uint64_t> offsets;  // of its first byte in the data, and of the byte after its last
};

struct Header {
  std::map<std::string, std::string> metadata;
  std::vector<Entry> entries;  // in the order of their data, with dtype F32 or F64
  std::string_view data;       // the bytes after the header, all of which belong to an entry
};

// Errors: InputError as decode_safetensors. The result refers to `bytes`.
Header read_header(std::string_view bytes, std::string_view where);

// Throws InputError "WHERE: not a valid safetensors file: WHY; ...".
[[noreturn]] void refuse(std::string_view where, const std::string& why);

// The product of the dimensions. Calls overflow(), which must throw, if eight bytes for each element would
// take more than 2^63 - 1 or a dimension is negative.
template <class OnOverflow>
std::uint64_t element_count(const std::vector<std::int64_t>& shape, OnOverflow overflow) {
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) / sizeof(double);
  std::uint64_t count = 1;
  for (const std::int64_t dim : shape) {
    const auto d = static_cast<std::uint64_t>(dim);
    if (dim < 0 || (d != 0 && count > most / d)) overflow();
    count *= d;
  }
  return count;
}

}  // namespace banel::safetensors
