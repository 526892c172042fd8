#include "nn/io/json_value.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

namespace banel {
namespace {

TEST_CASE("a list of pairs of a text and a value is an object and any other list is an array") {
  CHECK(Json{{"b", 1}, {"a", {1, 2}}}.dump() == R"({"b":1,"a":[1,2]})");
  CHECK(Json{{"a", "b"}}.dump() == R"({"a":"b"})");
  CHECK(Json{"a", 1}.dump() == R"(["a",1])");
  CHECK(Json{{"a", 1}, {2, 3}}.dump() == R"([["a",1],[2,3]])");
  CHECK(Json{{"a", 1, 2}}.dump() == R"([["a",1,2]])");
  CHECK(Json{{"a", Json::array()}, {"o", Json::object()}, {"n", {}}}.dump() == R"({"a":[],"o":{},"n":null})");
  CHECK(Json(std::vector<double>{0.5, 2}).dump() == "[0.5,2.0]");
}

TEST_CASE("every value has the text that the JSON library gives it") {
  CHECK(Json().dump() == "null");
  CHECK(Json(true).dump() == "true");
  CHECK(Json(-7).dump() == "-7");
  CHECK(Json(std::numeric_limits<std::int64_t>::min()).dump() == "-9223372036854775808");
  CHECK(Json(std::numeric_limits<std::uint64_t>::max()).dump() == "18446744073709551615");
  for (const auto& [x, text] : std::vector<std::pair<double, std::string>>{
           {1, "1.0"}, {0.1, "0.1"}, {-0.0, "-0.0"}, {1e300, "1e+300"}, {1e-7, "1e-07"}, {NAN, "null"}})
    CHECK(Json(x).dump() == text);
  CHECK(Json("\"\\/\n\x01 é").dump() == R"("\"\\/\n\u0001 é")");
  CHECK(Json("\x7f").dump() == "\"\x7f\"");
}

TEST_CASE("an indented text has one member or item a line and empty ones stay on theirs") {
  const Json json{{"a", {1, Json::array()}}, {"o", {{"k", "v"}}}, {"e", Json::object()}};
  CHECK(json.dump(2) == R"({
  "a": [
    1,
    []
  ],
  "o": {
    "k": "v"
  },
  "e": {}
})");
}

TEST_CASE("a text or key that is not UTF-8 cannot be written and the error names the byte") {
  CHECK_THROWS_WITH_AS(Json("a\xff").dump(), doctest::Contains("at index 1: 0xFF"), NotUtf8);
  CHECK_THROWS_AS((Json{{"\xc3", 1}}.dump()), NotUtf8);
}

TEST_CASE("numbers are equal by value and objects by members and their order") {
  CHECK(Json(3) == Json(3U));
  CHECK(Json(3) == 3.0);
  CHECK(Json(3) != 3.5);
  CHECK(Json(std::numeric_limits<std::uint64_t>::max()) != -1);
  CHECK(Json(std::numeric_limits<std::int64_t>::max()) !=
        static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) + 1);
  CHECK(Json(1) != true);
  CHECK(Json("1") != 1);
  CHECK(Json(nullptr) != 0);
  CHECK(Json{{"a", 1}, {"b", 2}} == Json{{"a", 1.0}, {"b", 2}});
  CHECK(Json{{"a", 1}, {"b", 2}} != Json{{"b", 2}, {"a", 1}});
}

TEST_CASE("members keep their places when they change and a copy is a value of its own") {
  Json json{{"b", 1}, {"a", 2}};
  const Json before = json;
  json["b"] = "changed";
  json["c"].push_back(json["a"]);
  json.update({{"a", 3}, {"d", nullptr}});
  json.erase("c");
  CHECK(json.dump() == R"({"b":"changed","a":3,"d":null})");
  CHECK(before.dump() == R"({"b":1,"a":2})");
  CHECK(json.find("x") == nullptr);
  CHECK(json.contains("d"));
  CHECK_THROWS_WITH_AS(json.at("x"), doctest::Contains("no \"x\""), std::out_of_range);
  CHECK_THROWS_AS(json["b"].integer(), std::bad_variant_access);
}

TEST_CASE("a value takes 16 bytes because the bounds of the reader count on it") {
  CHECK(sizeof(Json) == 16);
}

}  // namespace
}  // namespace banel
