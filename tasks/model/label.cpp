#include "tasks/model/label.h"

#include <algorithm>

#include "nn/io/json.h"
#include "nn/io/safetensors.h"
#include "nn/io/safetensors_header.h"
#include "tensor/check.h"

namespace banel {

namespace {

constexpr const char *weights = "safetensors", *json_format = "json", *json_key = "label",
                     *format_key = "banel_format", *role_key = "role";

Label label_in(std::string_view bytes, std::string_view format, std::string_view where) {
  if (format == weights) return safetensors::read_header(bytes, where).metadata;
  Label label;
  if (format != json_format) return label;
  const Json json = parse_json(bytes, where);
  const Field file(json, std::string(where));
  if (!file.has(json_key)) return label;
  for (const auto& [key, value] : file[json_key].members()) label.emplace(key, value.text());
  return label;
}

}  // namespace

Label label_of(const std::string& role, Label more) {
  more.insert_or_assign(format_key, "1");
  more.insert_or_assign(role_key, role);
  return more;
}

std::string labelled(std::string_view state, std::string_view format, const Label& label) {
  std::string as_it_is(state);
  try {
    if (format == weights) {
      TensorFile file = decode_safetensors(state, "state");
      if (encode_safetensors(file) != state) return as_it_is;
      for (const auto& [key, value] : label)
        if (!file.metadata.emplace(key, value).second) return as_it_is;
      return encode_safetensors(file);
    }
    if (format != json_format) return as_it_is;
    Json json = parse_json(state, "state");
    if (!json.is_object() || json.contains(json_key)) return as_it_is;
    for (const auto& [key, value] : label) json[json_key][key] = value;
    return json.dump() + '\n';
  } catch (const InputError&) {
    return as_it_is;
  }
}

// A text in quotes where it differs from another one.
std::string beside(std::string_view text, std::string_view other) {
  return in_quotes(text, static_cast<std::size_t>(std::ranges::mismatch(text, other).in1 - text.begin()));
}

void check_label(const Label& said, const Label& expected, std::string_view where) {
  for (const char* key : {format_key, role_key})  // what a reader understands at once comes first
    if (said.contains(key) && expected.contains(key))
      ENSURE_AS(said.at(key) == expected.at(key), InputError, where,
                "is a file with the " << key << ' ' << in_quotes(said.at(key)) << "; needed is "
                                      << in_quotes(expected.at(key)) << "; restore it from a copy");
  for (const auto& [key, value] : expected)
    ENSURE_AS(!said.contains(key) || said.at(key) == value, InputError, where,
              "is the " << expected.at(role_key) << " of another run, with the " << key << ' '
                        << beside(said.at(key), value) << "; needed is " << beside(value, said.at(key))
                        << "; restore it from a copy");
}

void check_label(std::string_view bytes, std::string_view format, const Label& expected,
                 std::string_view where) {
  check_label(label_in(bytes, format, where), expected, where);
}

}  // namespace banel
