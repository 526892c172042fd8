#include "tasks/model/label.h"

#include <doctest/doctest.h>

#include "nn/io/json.h"
#include "nn/io/safetensors.h"
#include "tensor/check.h"
#include "tests/nn/io/safetensors_bytes.h"

using namespace banel;

namespace {

const Label attacker = label_of("attacker", {{"task", "3-digit addition"}, {"fingerprint", "0123"}});

std::string refusal(const Label& said, const Label& expected) {
  try {
    check_label(said, expected, "run/file");
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("a label is added to a network's file beside what the file already says") {
  const std::string state = encode_safetensors({{{"heads", "4"}}, {{"w", {2}, {1, 2}}}});
  const std::string bytes = labelled(state, "safetensors", attacker);
  const TensorFile file = decode_safetensors(bytes, "bytes");
  CHECK(file.metadata.at("heads") == "4");
  CHECK(file.metadata.at("role") == "attacker");
  CHECK(file.metadata.at("banel_format") == "1");
  CHECK(file.tensors[0].values == std::vector<float>{1, 2});
  CHECK_NOTHROW(check_label(bytes, "safetensors", attacker, "bytes"));
  CHECK_THROWS_AS(check_label(bytes, "safetensors", label_of("target"), "bytes"), InputError);
}

TEST_CASE("a state that is not written as ours stays as it is") {
  const std::string doubles =
      framed(R"({"w":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}})", raw<double>({0.1}));
  for (const std::string& state :
       {doubles, encode_safetensors({{{"role", "mine"}}, {}}), std::string("no file")})
    CHECK(labelled(state, "safetensors", attacker) == state);
  for (const std::string state : {"[0.5,0.5]", "{\"label\":\"mine\"}", "no JSON"})
    CHECK(labelled(state, "json", attacker) == state);
}

TEST_CASE("a label is added to a table in JSON and other formats stay as they are") {
  const std::string bytes = labelled(R"({"probabilities":[0.5,0.5]})", "json", attacker);
  const Json json = parse_json(bytes, "bytes");
  CHECK(Field(json, "bytes")["label"]["task"].text() == "3-digit addition");
  CHECK(Field(json, "bytes")["probabilities"].items().size() == 2);
  CHECK_NOTHROW(check_label(bytes, "json", attacker, "bytes"));
  CHECK_THROWS_AS(check_label(bytes, "json", label_of("target"), "bytes"), InputError);
  CHECK(labelled("anything", "other", attacker) == "anything");
  CHECK_NOTHROW(check_label("anything", "other", attacker, "bytes"));
}

TEST_CASE("a file of another format or role or task is refused by name") {
  Label other = attacker;
  CHECK(refusal(other, attacker) == "accepted");
  other["task"] = "5-digit addition";
  CHECK(refusal(other, attacker) ==
        "run/file: is the attacker of another run, with the task \"5-digit addition\"; needed is \"3-digit "
        "addition\"; restore it from a copy");
  const std::string many(100, '9'), end = "\"..." + many.substr(0, 20);
  CHECK(refusal({{"role", "attacker"}, {"task", many + "a"}}, {{"role", "attacker"}, {"task", many + "b"}}) ==
        "run/file: is the attacker of another run, with the task " + end + "a\"; needed is " + end +
            "b\"; restore it from a copy");
  other["role"] = "target";
  CHECK(refusal(other, attacker) ==
        "run/file: is a file with the role \"target\"; needed is \"attacker\"; restore it from a copy");
  other["banel_format"] = "2";
  CHECK(refusal(other, attacker) ==
        "run/file: is a file with the banel_format \"2\"; needed is \"1\"; restore it from a copy");
}

TEST_CASE("what a file does not say of itself is not compared") {
  CHECK(refusal({}, attacker) == "accepted");
  CHECK(refusal({{"role", "attacker"}, {"made by", "hand"}}, attacker) == "accepted");
}
