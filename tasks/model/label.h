// What the file of a model says of itself beside its numbers, so that no command takes it for another one's:
// a target for an attacker, or an attacker of three digits for one of five.
//   {"banel_format": "1", "role": "attacker", "task": "5-digit addition, target 5", "method": "banel", ...}
#pragma once
#include <map>
#include <string>
#include <string_view>

namespace banel {

using Label = std::map<std::string, std::string>;

// The label of a file of this version. The role is a noun: "attacker", "failure model 1".
Label label_of(const std::string& role, Label more = {});

// What Generator::state() wrote, with a label: a text of "__metadata__" for each key in a file of the format
// "safetensors", the object "label" in one of "json". A state that is not written as ours are stays as it is:
// another format, dtype or kind of JSON, or a key that is in use.
std::string labelled(std::string_view state, std::string_view format, const Label&);

// Refuses a label that differs from the expected one. What a file does not say is not compared: other
// programs write such files. Errors: InputError that begins with `where` and names what the file says and
// what is needed; also if the bytes are damaged.
void check_label(const Label& said, const Label& expected, std::string_view where);
void check_label(std::string_view bytes, std::string_view format, const Label& expected,
                 std::string_view where);

}  // namespace banel
