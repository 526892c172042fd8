#include "nn/io/safetensors_header.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "nn/io/json.h"
#include "tensor/check.h"

namespace banel::safetensors {

void refuse(std::string_view where, const std::string& why) {
  throw InputError(std::string(where) + ": not a valid safetensors file: " + why +
                   "; restore it from a copy or write it again");
}

namespace {

// Bytes of a number of the format; 0: the format has no such dtype.
std::size_t width_of(std::string_view dtype) {
  constexpr std::string_view one[] = {"BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0"};
  constexpr std::string_view two[] = {"I16", "U16", "F16", "BF16"}, four[] = {"I32", "U32", "F32"};
  constexpr std::string_view eight[] = {"I64", "U64", "F64", "C64"};
  const auto is_one_of = [&](const auto& list) { return std::ranges::find(list, dtype) != std::end(list); };
  return is_one_of(one) ? 1 : is_one_of(two) ? 2 : is_one_of(four) ? 4 : is_one_of(eight) ? 8 : 0;
}

// Reads the header event by event, not into a document. What does not belong is refused on sight, so a
// hostile header (deep nesting, a million small values) takes no memory and no key can be repeated.
class HeaderReader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit HeaderReader(std::string_view where) : where_(where) {}

  std::map<std::string, std::string> metadata;
  std::vector<Entry> entries;
  std::string unread;  // what the format allows and this reader does not use: "tensor ... has ..."; mostly ""

  bool key(string_t& text) override {
    key_ = text;
    if (++key_count_ > largest_key_count) fail("more than 80,000 keys");
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
    if (place_ == Place::tensor && !std::ranges::includes(fields_, all))
      fail("dtype, shape or data_offsets is missing");
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
      if (width_of(text) == 0) fail("dtype " + in_quotes(text) + ", which the format does not have");
      if (text != "F32" && text != "F64") note("dtype " + text + ", and only F32 and F64 are read");
      entries.back().dtype = text;
    } else {
      pass_over("a text");
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
      pass_over("a number");
    }
    return true;
  }

  bool number_integer(number_integer_t number) override {
    unexpected("the negative number " + std::to_string(number));
  }
  bool number_float(number_float_t, const string_t& text) override {
    unexpected("the number " + in_quotes(text));
  }
  bool null() override {
    if (place_ == Place::header && key_ == metadata_key) return true;  // MLX writes it for "no metadata"
    return pass_over("null");
  }
  bool boolean(bool) override { return pass_over("true or false"); }
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

  void note(const std::string& what) {
    if (unread.empty()) unread = "tensor " + in_quotes(entries.back().name) + " has " + what;
  }

  // Other readers ignore keys of a tensor that they do not know.
  bool pass_over(const std::string& value) {
    const bool unknown = key_ != "dtype" && key_ != "shape" && key_ != "data_offsets";
    if (place_ != Place::tensor || !unknown) unexpected(value);
    note("the key " + in_quotes(key_) + ", which is not read");
    return true;
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

std::string_view header_of(std::string_view bytes, std::string_view where) {
  if (bytes.size() < length_bytes) refuse(where, "it has only " + std::to_string(bytes.size()) + " bytes");
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), length_bytes);
  const std::string claim = "it claims a header of " + std::to_string(length) + " bytes, ";
  if (length > largest_header) refuse(where, claim + "the format allows 100,000,000");
  if (length > bytes.size() - length_bytes) refuse(where, claim + "more than the file has");
  const std::string_view header = bytes.substr(length_bytes, length);
  if (!header.starts_with('{')) refuse(where, "the header is not a JSON object");
  // The JSON reader would take a zero byte for the end and ignore the rest.
  if (header.find('\0') != header.npos) refuse(where, "the header has a zero byte");
  return header;
}

// Sorts the entries by their data, which must follow one another from 0 to data_bytes.
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
    if (element_count(entry.shape, overflow) * width_of(entry.dtype) != end - begin)
      refuse(where, name + " has " + std::to_string(end - begin) + " bytes, not what its shape needs");
    position = end;
  }
  if (position != data_bytes) refuse(where, "unused bytes after the last tensor");
}

}  // namespace

Header read_header(std::string_view bytes, std::string_view where) {
  const std::string_view header = header_of(bytes, where);
  const std::string_view json = header.substr(0, header.find_last_not_of(' ') + 1);  // without the padding
  if (longest_token(json) > most_json_token)
    refuse(where, "a text, number or run of white space in the header has more than a million bytes");
  HeaderReader reader(where);
  nlohmann::json::sax_parse(json.begin(), json.end(), &reader);
  const std::string_view data = bytes.substr(length_bytes + header.size());
  order_by_data(reader.entries, data.size(), where);
  ENSURE_AS(reader.unread.empty(), InputError, where,
            "a valid safetensors file, but "
                << reader.unread
                << "; write it with F32 tensors that have dtype, shape and data_offsets only");
  return {std::move(reader.metadata), std::move(reader.entries), data};
}

}  // namespace banel::safetensors
