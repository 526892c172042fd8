#include "nn/io/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "nn/io/file.h"
#include "nn/io/json.h"
#include "tensor/check.h"

namespace banel {
namespace {

static_assert(std::endian::native == std::endian::little, "the numbers are copied as they lie in memory");

constexpr std::size_t length_bytes = 8;
constexpr std::size_t alignment = 8;
constexpr std::uint64_t largest_header = 100'000'000;  // the limit of the reference implementation
constexpr std::size_t largest_rank = 32;               // what numpy opens; bounds the memory of a shape
constexpr std::size_t largest_key_count = 100'000;     // bounds the memory of a header of tiny tensors
constexpr std::size_t keys_per_tensor = 4;             // its name, dtype, shape and data_offsets
constexpr const char* metadata_key = "__metadata__";

[[noreturn]] void refuse(std::string_view where, const std::string& why) {
  throw InputError(std::string(where) + ": not a valid safetensors file: " + why +
                   "; restore it from a copy or write it again");
}

// The product of the dimensions; `overflow` is called if it, times 8 bytes, passes what 63 bits hold.
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

// What the header says of one tensor.
struct Entry {
  std::string name, dtype;
  std::vector<std::int64_t> shape;
  std::vector<std::uint64_t> offsets;  // begin and end
};

// Reads the header event by event instead of into a document: whatever does not belong is refused on sight,
// so a hostile header (deep nesting, a million small values) costs no memory, and repeated keys cannot hide.
class HeaderReader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit HeaderReader(std::string_view where) : where_(where) {}

  std::map<std::string, std::string> metadata;
  std::vector<Entry> entries;

  bool key(string_t& text) override {
    key_ = text;
    if (++key_count_ > largest_key_count) fail("more than 100,000 keys");
    if (place_ == Place::header && !names_.insert(text).second) fail("the key " + in_quotes(text) + " twice");
    if (place_ == Place::metadata && metadata.contains(text))
      fail("the metadata key " + in_quotes(text) + " twice");
    if (place_ == Place::tensor && !fields_.insert(text).second)
      fail("the key " + in_quotes(text) + " twice in one tensor");
    return true;
  }

  bool start_object(std::size_t) override {
    if (place_ == Place::start) return go(Place::header);
    if (place_ != Place::header) unexpected("an object");
    if (key_ == metadata_key) return go(Place::metadata);
    entries.push_back({key_, {}, {}, {}});
    fields_.clear();
    return go(Place::tensor);
  }

  bool end_object() override {
    const std::set<std::string> all = {"data_offsets", "dtype", "shape"};
    if (place_ == Place::tensor && fields_ != all) fail("dtype, shape or data_offsets is missing");
    return go(Place::header);
  }

  bool start_array(std::size_t) override {
    if (place_ == Place::tensor && key_ == "shape") return go(Place::shape);
    if (place_ == Place::tensor && key_ == "data_offsets") return go(Place::offsets);
    unexpected("an array");
  }

  bool end_array() override {
    if (place_ == Place::offsets && entries.back().offsets.size() != 2)
      fail("data_offsets needs two numbers");
    return go(Place::tensor);
  }

  bool string(string_t& text) override {
    if (place_ == Place::metadata) {
      metadata.emplace(key_, text);
    } else if (place_ == Place::tensor && key_ == "dtype") {
      if (text != "F32" && text != "F64") fail("dtype " + in_quotes(text) + " (only F32 and F64 are read)");
      entries.back().dtype = text;
    } else {
      unexpected("a text");
    }
    return true;
  }

  bool number_unsigned(number_unsigned_t number) override {
    if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      fail("the number " + std::to_string(number) + " is too large");
    if (place_ == Place::shape) {
      entries.back().shape.push_back(static_cast<std::int64_t>(number));
      if (entries.back().shape.size() > largest_rank) fail("more than 32 dimensions");
    } else if (place_ == Place::offsets) {
      entries.back().offsets.push_back(number);
      if (entries.back().offsets.size() > 2) fail("data_offsets needs two numbers");
    } else {
      unexpected("a number");
    }
    return true;
  }

  bool number_integer(number_integer_t number) override {
    unexpected("the negative number " + std::to_string(number));
  }
  bool number_float(number_float_t, const string_t& text) override {
    unexpected("the number " + in_quotes(text));
  }
  bool null() override { unexpected("null"); }
  bool boolean(bool) override { unexpected("true or false"); }
  bool binary(binary_t&) override { unexpected("binary data"); }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    refuse(where_, "the header is not JSON at its byte " + std::to_string(position));
  }

 private:
  enum class Place { start, header, metadata, tensor, shape, offsets };

  bool go(Place place) {
    place_ = place;
    return true;
  }

  [[noreturn]] void fail(const std::string& why) const {
    const bool in_tensor = place_ != Place::start && place_ != Place::header && place_ != Place::metadata;
    refuse(where_, in_tensor ? "tensor " + in_quotes(entries.back().name) + ": " + why : why);
  }

  [[noreturn]] void unexpected(const std::string& what) const {
    fail(what + " in the header where the format has none (near the key " + in_quotes(key_) + ")");
  }

  std::string_view where_;
  Place place_ = Place::start;
  std::string key_;
  std::size_t key_count_ = 0;
  std::set<std::string> names_, fields_;
};

// The JSON reader holds a text or a number several times over before anyone can refuse it.
void refuse_long_tokens(std::string_view header, std::string_view where) {
  constexpr std::size_t longest = 1 << 20;
  bool in_text = false;
  std::size_t length = 0;
  for (std::size_t i = 0; i < header.size(); ++i) {
    const char c = header[i];
    if (c == '"') in_text = !in_text;
    const bool between = !in_text && std::string_view("\"{}[]:, \t\r\n").find(c) != std::string_view::npos;
    length = between ? 0 : length + 1;
    if (in_text && c == '\\') ++i;  // and what it escapes, a quotation mark perhaps
    if (length > longest) refuse(where, "a text or number in the header has more than a million bytes");
  }
}

std::string_view header_of(std::string_view bytes, std::string_view where) {
  if (bytes.size() < length_bytes) refuse(where, "it has " + std::to_string(bytes.size()) + " bytes only");
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), length_bytes);
  const std::string claim = "it claims a header of " + std::to_string(length) + " bytes, ";
  if (length > largest_header) refuse(where, claim + "the format allows 100,000,000");
  if (length > bytes.size() - length_bytes) refuse(where, claim + "more than the file has");
  const std::string_view header = bytes.substr(length_bytes, length);
  if (!header.starts_with('{')) refuse(where, "the header is not a JSON object");
  // The JSON reader takes a zero byte for the end and would ignore what follows.
  if (header.find('\0') != header.npos) refuse(where, "the header has a zero byte");
  refuse_long_tokens(header, where);
  return header;
}

// Puts the entries in the order of their data, which must follow one another from 0 to data_bytes.
void order_by_data(std::vector<Entry>& entries, std::uint64_t data_bytes, std::string_view where) {
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& a, const Entry& b) { return a.offsets < b.offsets; });
  std::uint64_t position = 0;
  for (const Entry& entry : entries) {
    const std::uint64_t begin = entry.offsets[0], end = entry.offsets[1];
    const std::string name = "tensor " + in_quotes(entry.name);
    if (begin > end) refuse(where, name + " ends before it begins");
    if (end > data_bytes) refuse(where, name + " goes beyond the end: the file is cut short or damaged");
    if (begin < position) refuse(where, name + " overlaps the tensor before it");
    if (begin > position) refuse(where, "unused bytes before " + name);
    const auto overflow = [&] { refuse(where, name + " has a shape too large to count"); };
    const std::uint64_t width = entry.dtype == "F32" ? sizeof(float) : sizeof(double);
    if (element_count(entry.shape, overflow) * width != end - begin)
      refuse(where, name + " has " + std::to_string(end - begin) + " bytes, not what its shape needs");
    position = end;
  }
  if (position != data_bytes) refuse(where, "unused bytes after the last tensor");
}

template <class Stored>
std::vector<float> read_values(std::string_view data, std::string_view name, std::string_view where) {
  std::vector<float> values(data.size() / sizeof(Stored));
  for (std::size_t i = 0; i < values.size(); ++i) {
    Stored stored;
    std::memcpy(&stored, data.data() + i * sizeof(Stored), sizeof(Stored));
    values[i] = static_cast<float>(stored);
    if (std::isinf(values[i]) && !std::isinf(stored))
      refuse(where, "tensor " + in_quotes(name) + " has a number too large for a float");
  }
  return values;
}

// The header that encode_safetensors writes, checked and padded.
std::string header_text(const TensorFile& file) {
  constexpr const char* where = "encode_safetensors";
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  ENSURE(1 + file.metadata.size() + keys_per_tensor * file.tensors.size() <= largest_key_count, where,
         file.tensors.size() << " tensors and " << file.metadata.size() << " texts; use several files");
  if (!file.metadata.empty()) header[metadata_key] = file.metadata;
  std::uint64_t end = 0;
  for (const NamedTensor& tensor : file.tensors) {
    const std::string name = in_quotes(tensor.name);
    const auto overflow = [&] { ENSURE(false, where, name << " has an impossible shape"); };
    ENSURE(tensor.name != metadata_key && !header.contains(tensor.name), where,
           "the name " << name << " is reserved or used twice; every tensor needs its own");
    ENSURE(tensor.shape.size() <= largest_rank, where, name << " has more than 32 dimensions");
    ENSURE(element_count(tensor.shape, overflow) == tensor.values.size(), where,
           name << " has " << tensor.values.size() << " values, not what its shape needs");
    const std::uint64_t begin = std::exchange(end, end + tensor.values.size() * sizeof(float));
    header[tensor.name] = {{"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {begin, end}}};
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const nlohmann::json::type_error&) {
    ENSURE(false, where, "a name or a metadata text is not valid UTF-8");
  }
  text.append((alignment - text.size() % alignment) % alignment, ' ');
  ENSURE(text.size() <= largest_header, where, "names and metadata take more than 100,000,000 bytes");
  return text;
}

}  // namespace

TensorFile decode_safetensors(std::string_view bytes, std::string_view where) {
  const std::string_view header = header_of(bytes, where);
  const std::string_view data = bytes.substr(length_bytes + header.size());
  HeaderReader reader(where);
  nlohmann::json::sax_parse(header.begin(), header.end(), &reader);
  order_by_data(reader.entries, data.size(), where);
  TensorFile file{std::move(reader.metadata), {}};
  for (Entry& entry : reader.entries) {
    const std::string_view part = data.substr(entry.offsets[0], entry.offsets[1] - entry.offsets[0]);
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
