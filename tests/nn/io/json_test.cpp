#include "nn/io/json.h"

#include <doctest/doctest.h>

#include <limits>

#include "nn/io/file.h"
#include "tensor/check.h"
#include "tests/support/allocations.h"
#include "tests/support/temporary_folder.h"

namespace banel {
namespace {

std::string refusal(auto call) {
  try {
    call();
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

std::string refusal_of(std::string_view text) {
  return refusal([&] { parse_json(text, "run/a.json"); });
}

std::string repeated(std::string_view text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += text;
  return result;
}

TEST_CASE("every JSON value is read as it was written and keys keep their order") {
  for (const char* text : {R"({"b":[1,-2,3.5,true,false,null],"a":{"c":"é \" \\ \n \u0001"}})",
                           "18446744073709551615", "-9223372036854775808", "1e-300", "\"\"", "[]", "{}"}) {
    INFO(text);
    const Json value = parse_json(text, "memory");
    CHECK(parse_json(value.dump(), "memory") == value);
  }
  CHECK(parse_json(R"( {"b": 1, "a": [2]} )"
                   "\n",
                   "memory")
            .dump() == R"({"b":1,"a":[2]})");
}

TEST_CASE("what is not JSON or can be read in two ways is refused with file and line on one line") {
  struct Malformed {
    std::string text, reason;
  };
  const std::string deep = repeated("[", 65) + repeated("]", 65);
  std::string keys = "{\"0\":0";
  for (int i = 1; i <= 256; ++i) keys += ",\"" + std::to_string(i) + "\":0";
  for (const Malformed& m : {Malformed{"", "line 1: not JSON"},
                             {"{", "line 1: not JSON"},
                             {"{}\n\n{}", "line 3: not JSON"},
                             {"{\n\"a\":\n1,}", "line 3: not JSON"},
                             {"NaN", "line 1: not JSON"},
                             {"[Infinity]", "line 1: not JSON"},
                             {"[1,]", "line 1: not JSON"},
                             {"[01]", "line 1: not JSON"},
                             {"// no\n1", "line 1: not JSON"},
                             {"\"\xFF\"", "line 1: not JSON in UTF-8"},
                             {"\"\xC0\x80\"", "line 1: not JSON in UTF-8"},
                             {"\"\xED\xA0\x80\"", "line 1: not JSON in UTF-8"},
                             {R"("\ud800")", "line 1: not JSON"},
                             {"\"a\nb\"", "not JSON"},
                             {std::string("{}\n\0x", 5), "line 2: a zero byte"},
                             {"1e999", "too large for a double"},
                             {R"({"a":1,"b":{"a":1},"a":2})", R"(the key "a" twice)"},
                             {R"({"x":[{"a":1},{"b":1,"b":1}]})", R"(the key "b" twice)"},
                             {R"({"a":1,"\u0061":1})", R"(the key "a" twice)"},
                             {deep, "more than 64 levels"},
                             {repeated("[", 3'000'000), "more than 64 levels"},
                             {repeated("{\"a\":", 3'000'000), "more than 64 levels"},
                             {keys + "}", "more than 256 keys"}}) {
    const std::string message = refusal_of(m.text);
    CAPTURE(m.reason);
    CAPTURE(message);
    CHECK(message.starts_with("run/a.json: line "));
    CHECK(message.find(m.reason) != message.npos);
    CHECK(message.find("; restore the file") != message.npos);
    CHECK(message.find('\n') == message.npos);
    CHECK(message.size() < 200);
  }
  CHECK_NOTHROW(parse_json(deep.substr(1, 128), "memory"));
  CHECK_NOTHROW(parse_json(keys.substr(0, keys.rfind(',')) + "}", "memory"));
  CHECK_NOTHROW(parse_json(R"([{"a":1},{"a":1}])", "memory"));
}

TEST_CASE("a text never takes more memory than its size and 16 MB and many values are read in linear time") {
  const std::string long_text(20'000'000, 'x');
  for (const std::string& text :
       {"[" + repeated("1,", 2'000'000) + "1]", "[" + repeated("[],", 900'000) + "1]",
        "[" + repeated("{\"\":1},", 2'000'000) + "1]",
        "[" + repeated("\"abcdefghijklmnopqrst\",", 500'000) + "1]", "\"" + long_text + "\"",
        "[" + std::string(20'000'000, ' ') + "]", "[" + std::string(20'000'000, '1') + "]"}) {
    const Allocations allocations;
    CAPTURE(text.substr(0, 30));
    CHECK(refusal_of(text) != "accepted");
    CHECK(allocations.peak() <= text.size() + 16'000'000);
  }
  CHECK(parse_json("[" + repeated("{},", 150'000) + "1]", "memory").size() ==
        150'001);  // hours in quadratic time
}

TEST_CASE("a text cut at any byte is refused") {
  const std::string text = R"({"a":[1,-2.5e3,true,null],"b":{"c":"é\n"}})";
  for (std::size_t size = 0; size < text.size(); ++size)
    CHECK(refusal_of(text.substr(0, size)).starts_with("run/a.json: line 1: not JSON"));
}

TEST_CASE("a key with control characters or of great length cannot disturb the message") {
  for (const std::string& key : {std::string(R"(a\n\u001b[31m)"), std::string(100'000, 'n')}) {
    const std::string message = refusal_of("{\"" + key + "\":1,\"" + key + "\":1}");
    CHECK(message.find("twice") != message.npos);
    CHECK(message.size() < 250);
    for (const char c : message) CHECK(static_cast<unsigned char>(c) >= ' ');
  }
}

TEST_CASE("a JSON file is refused by its path") {
  const TemporaryFolder folder;
  write_file(folder.path / "a.json", "{\n?");
  CHECK(refusal([&] {
          read_json(folder.path / "a.json");
        }).starts_with((folder.path / "a.json").string() + ": line 2: not JSON"));
  CHECK_THROWS_AS(read_json(folder.path / "missing.json"), IoError);
}

TEST_CASE("a field is taken only as what it is and otherwise refused by its full name") {
  const Json json = parse_json(
      R"({"a":{"n":3,"x":[1,2.5,"t",-1,true,1e300,9223372036854775808]},"most":9007199254740992,
          "big":9007199254740993})",
      "memory");
  const Field root(json, "run/a.json: line 7");
  const std::vector<Field> x = root["a"]["x"].items();
  CHECK(root["a"]["n"].count() == 3);
  CHECK(root["most"].count() == 9007199254740992);
  CHECK(root["a"]["n"].number() == 3);
  CHECK(x[1].number() == 2.5);
  CHECK(x[2].text() == "t");
  CHECK(x[3].integer(-1, 1) == -1);
  CHECK(x[5].number() == 1e300);
  CHECK(x.size() == 7);
  const auto refused = [](auto call, const std::string& expected) {
    const std::string message = refusal(call);
    CAPTURE(message);
    CHECK(message.starts_with("run/a.json: line 7: " + expected));
  };
  refused([&] { root["b"]; }, "the value has no \"b\"");
  refused([&] { root["a"]["x"]["k"]; }, "a.x is array, not an object");
  refused([&] { root["a"].items(); }, "a is object, not an array");
  refused([&] { root["a"]["n"].text(); }, "a.n is number, not a text");
  refused([&] { root["a"]["n"].integer(4, 9); }, "a.n is 3; expected a whole number from 4 to 9");
  refused([&] { root["a"]["n"].count(4); }, "a.n is 3; expected a whole number from 4 to ");
  refused([&] { root["big"].count(); }, "big is 9007199254740993; expected");
  refused([&] { x[1].count(); }, "a.x[1] is 2.5; expected");
  refused([&] { x[2].count(); }, "a.x[2] is string; expected");
  refused([&] { x[3].count(); }, "a.x[3] is -1; expected");
  refused([&] { x[4].count(); }, "a.x[4] is boolean; expected");
  refused([&] { x[5].count(); }, "a.x[5] is 1e+300; expected");
  refused(
      [&] {
        x[6].integer(std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max());
      },
      "a.x[6] is 9223372036854775808; expected");
  refused([&] { x[2].number(); }, "a.x[2] is string, not a finite number");
  refused([&] { x[4].number(); }, "a.x[4] is boolean, not a finite number");
}

TEST_CASE("lines of JSON are read one by one and a damaged one is refused by its number") {
  std::vector<std::int64_t> found;
  const auto read = [&](std::string_view lines) {
    found.clear();
    return refusal([&] {
      for_each_line(lines, "run/a.jsonl", [&](const Field& line) { found.push_back(line["n"].count()); });
    });
  };
  CHECK(read("") == "accepted");
  CHECK(read("{\"n\":1}\n{\"n\":2}\n") == "accepted");
  CHECK(found == std::vector<std::int64_t>{1, 2});
  CHECK(read("{\"n\":1}\n{\"n\":2}").starts_with("run/a.jsonl: line 2: it does not end with a newline"));
  CHECK(read("{\"n\":1}\n\n").starts_with("run/a.jsonl: line 2: not JSON"));
  CHECK(read("{\"n\":1}\n{\"m\":2}\n").starts_with("run/a.jsonl: line 2: the value has no \"n\""));
  CHECK(read("{\"n\":1}\n{\"n\":2}{\"n\":3}\n").starts_with("run/a.jsonl: line 2: not JSON"));
}

TEST_CASE("a text in quotation marks keeps its letters and loses its control characters") {
  CHECK(in_quotes("Größe") == "\"Größe\"");
  CHECK(in_quotes("a\nb\x1f\x7f") == "\"a?b??\"");
  const std::string most(59, 'a');
  CHECK(in_quotes(most + "b") == "\"" + most + "b\"");
  CHECK(in_quotes(most + "bc") == "\"" + most + "b...\"");
  CHECK(in_quotes(most + "ß") == "\"" + most + "...\"");  // not half of it
  CHECK(in_quotes(most + most + "bc", 118) == "\"..." + std::string(20, 'a') + "bc\"");
  CHECK(in_quotes("ab", 1000) == "\"ab\"");
  CHECK(in_quotes(most + most, 1000) == "\"..." + std::string(20, 'a') + "\"");
}

}  // namespace
}  // namespace banel
