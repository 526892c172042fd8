#include "tasks/base/toml.h"

#include <doctest/doctest.h>

#include "nn/io/file.h"
#include "tensor/check.h"
#include "tests/support/temporary_folder.h"

namespace banel {
namespace {

// What the message of the refusal says.
template <class Call>
std::string refusal(Call call) {
  try {
    call();
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

std::string refusal_of_text(const std::string& text) {
  return refusal([&] { parse_toml(text, "f.toml"); });
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

constexpr const char* study = R"(# a study
task = "planted"
seeds = 5
share = 0.5
full = false
sizes = [1, 2, 3]

[[variants]]
method = "banel"

[[variants]]
method = "grpo"
set = { f = 8, "odd key" = "x" }
)";

TEST_CASE("a file is read into typed values") {
  const TomlValue root = parse_toml(study, "f.toml");
  CHECK(root["task"].text() == "planted");
  CHECK(root["seeds"].integer(1, 1000) == 5);
  CHECK(root["seeds"].number(1, 1000) == 5.0);
  CHECK(root["share"].number(0, 1) == 0.5);
  CHECK(!root["full"].flag());
  CHECK(root["sizes"].items().size() == 3);
  CHECK(root["variants"].items()[1]["set"]["f"].integer(1, 9) == 8);
  CHECK(root["variants"].items()[1]["set"].entries().size() == 2);
  CHECK(root.find("missing") == nullptr);
  CHECK(parse_toml("", "empty").entries().empty());
}

TEST_CASE("line ends of Windows and a byte order mark are read like those of Unix") {
  const TomlValue root = parse_toml("\xef\xbb\xbf# a comment\r\na = 1\r\n\r\n[b]\r\nc = \"x\"\r\n", "f.toml");
  CHECK(root["a"].integer(0, 9) == 1);
  CHECK(root["b"]["c"].text() == "x");
  CHECK(root["b"]["c"].where() == "f.toml: line 5: b.c");
}

TEST_CASE("a refused value is named by file and line and its full key") {
  const TomlValue root = parse_toml(study, "f.toml");
  CHECK(refusal([&] { (void)root["seeds"].integer(6, 10); }) == "f.toml: line 3: seeds: 5 is outside 6..10");
  CHECK(refusal([&] { (void)root["share"].number(0, 0.25); }) ==
        "f.toml: line 4: share: 0.5 is outside 0..0.25");
  CHECK(refusal([&] { (void)root["share"].integer(0, 1); }) ==
        "f.toml: line 4: share: must be a whole number");
  CHECK(refusal([&] { (void)root["seeds"].text(); }) ==
        "f.toml: line 3: seeds: must be text in quotation marks");
  CHECK(refusal([&] { (void)root["variants"].items()[1]["set"]["f"].integer(1, 7); }) ==
        "f.toml: line 13: variants[1].set.f: 8 is outside 1..7");
  CHECK(refusal([&] { (void)root["variants"].items()[0]["set"]; }) ==
        "f.toml: line 8: variants[0]: the key set is missing");
  CHECK(refusal([&] { (void)root["variants"].items()[1]["set"]["odd key"].flag(); }) ==
        "f.toml: line 13: variants[1].set.\"odd key\": must be true or false");
  CHECK(refusal([&] { (void)root["seed"]; }) == "f.toml: the key seed is missing");
}

TEST_CASE("an unknown key is refused with the nearest known one") {
  const TomlValue root = parse_toml("a = 1\nseds = 2\n", "f.toml");
  CHECK(refusal([&] {
          root.allow({"a", "seeds"});
        }) == "f.toml: line 2: seds: is not a key that is known here; did you mean seeds?");
  root.allow({"a", "seds", "more"});
}

TEST_CASE("a name is a text that is not empty and has no control characters") {
  const TomlValue root = parse_toml("good = \"banel\"\nempty = \"\"\nlines = \"a\\nb\"\n", "f.toml");
  CHECK(root["good"].name() == "banel");
  CHECK(contains(refusal([&] { (void)root["empty"].name(); }), "line 2: empty: is empty"));
  CHECK(
      contains(refusal([&] { (void)root["lines"].name(); }), "line 3: lines: contains a control character"));
  CHECK(root["lines"].text() == "a\nb");
}

TEST_CASE("NaN and infinity are outside every range") {
  const TomlValue root = parse_toml("a = nan\nb = inf\nc = -inf\n", "f.toml");
  for (const char* key : {"a", "b", "c"})
    CHECK(contains(refusal([&] { (void)root[key].number(-1e300, 1e300); }), "is outside"));
}

TEST_CASE("what is not strict TOML is refused with its line in one line of plain text") {
  const std::vector<std::pair<std::string, std::string>> damaged{
      {"a = 1\nb = \n", "line 2: "},
      {"a = 1\na = 2\n", "line 2: "},
      {"[t]\na = 1\n[t]\nb = 2\n", "line 3: "},
      {"t.a = 1\n[t]\na = 2\n", "line 2: "},
      {"a = [1, 2\nb = 3\n", "line 2: "},
      {"a = 1\nb = \"caf\xe9\"\n", "line 2: is not UTF-8"},
      {"a = 1\n\x1b[31m = 3\n", "line 2: "},
      {std::string("a = 1\n\0 = 2\n", 12), "line 2: "},
      {"a = 99999999999999999999\n", "line 1: "},
      {"a = 2026-01-01\n", "line 1: a: is a date or a time"},
      {"a = \"x\\u0000\"\n", "line 1: a: contains a zero byte"},
      {"a = \"\"\"\nx\"\"\"\n", "line 1: a string of several lines"},
      {"a = '''x'''\n", "line 1: a string of several lines"},
      {"a.a.a.a.a.a.a.a.a.a = 1\n", "line 1: a key of more than 8 parts"},
      {std::string(100'001, '\n'), "more than 100,000 bytes"}};
  for (const auto& [text, reason] : damaged) {
    const std::string message = refusal_of_text(text);
    CAPTURE(message);
    CHECK(contains(message, "f.toml: "));
    CHECK(contains(message, reason));
    CHECK(message.find_first_of("\n\x1b") == message.npos);
  }
}

TEST_CASE("what is not ASCII stands in double quotes or in a comment") {
  for (const std::string text : {"[\xef\xbb\xbb", "a\xc2\xa0= 1", "\xc3\xa9 = 1", "a = 1 \xe2\x80\x89",
                                 "a = '\xc3\xa9'", "a = \"\\\xc3\xa9\""})
    CHECK(refusal_of_text("b = 1\n" + text + "\n") ==
          "f.toml: line 2: a character that is not ASCII; put what it belongs to in double quotes");
  const TomlValue read = parse_toml(
      "\"\xc3\xa9\" = \"\xef\xbb\xbb\\\\\xcf\x86\xf0\x9f\x98\x80\\\"\"  # \xef\xbb\xbb\n", "f.toml");
  CHECK(read["\xc3\xa9"].text() == "\xef\xbb\xbb\\\xcf\x86\xf0\x9f\x98\x80\"");
  CHECK(refusal_of_text("a = --%\".\xef\xbb\xbb-\"a\"@dt").starts_with("f.toml: line 1: "));
}

TEST_CASE("deeply nested values are refused however they are written") {
  std::string keys, arrays = "a = ", tables = "a = ", mixed = "a = ";
  for (int i = 0; i < 10'000; ++i) keys += "a.", arrays += '[', tables += "{a=", mixed += "[{a.a.a=";
  for (const std::string& text :
       {keys + "a = 1\n", "[" + keys + "a]\n", "[[" + keys + "a]]\n", "x = {" + keys + "a = 1}\n",
        "x = [{" + keys + "a = 1}]\n", arrays, tables, mixed, "x = [\"a\", {" + keys + "a = 1}]\n"})
    CHECK(refusal_of_text(text) != "accepted");
}

TEST_CASE("dots in text and in numbers are no parts of keys") {
  const TomlValue root = parse_toml(
      "path = \"../../../../../../../../../../x\" # a.b.c.d.e.f.g.h.i.j\nx = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, "
      "0.7, 0.8, 0.9, 1.0]\n",
      "f.toml");
  CHECK(root["path"].text().size() == 31);
  CHECK(root["x"].items().size() == 10);
}

TEST_CASE("who judges a value and names its key does not name it twice") {
  const TomlValue root = parse_toml(
      "variants = 1\n\"a.b c\" = 1\n\"[0]\" = 1\n\"\" = 1\n[settings]\ndigits = [2, 3]\n", "f.toml");
  const auto refused = [&](const TomlValue& place, const UsageError& error) {
    return refusal([&] { place.refuse(error); });
  };
  CHECK(refused(root["variants"], {"variants", "one is missing"}) ==
        "f.toml: line 1: variants: one is missing");
  CHECK(refused(root["a.b c"], {"a.b c", "too many"}) == "f.toml: line 2: \"a.b c\": too many");
  CHECK(refused(root["[0]"], {"[0]", "too many"}) == "f.toml: line 3: \"[0]\": too many");
  CHECK(refused(root[""], {"", "too many"}) == "f.toml: line 4: \"\": too many");
  const TomlValue& digits = root["settings"]["digits"];
  CHECK(refused(digits, {"digits", "too many"}) == "f.toml: line 6: settings.digits: too many");
  CHECK(refused(digits.items()[1], {"digits", "too many"}) == "f.toml: line 6: settings.digits[1]: too many");
  CHECK(refused(digits, {"width", "too many"}) == "f.toml: line 6: settings.digits: width: too many");
  CHECK(refused(digits, UsageError("digits: too many")) ==
        "f.toml: line 6: settings.digits: digits: too many");  // a text that is not about this key
  CHECK(refused(root, {"f.toml", "too many"}) == "f.toml: f.toml: too many");
}

TEST_CASE("a file that cannot be read and a file without an end are refused by name") {
  const TemporaryFolder folder;
  CHECK_THROWS_AS(read_toml(folder.path / "missing.toml"), IoError);
  CHECK_THROWS_AS(read_toml(folder.path), InputError);
  CHECK(contains(refusal([] { read_toml("/dev/zero"); }), "more than 100,000 bytes"));
  write_file(folder.path / "f.toml", "a = x\n");
  CHECK(contains(refusal([&] { read_toml(folder.path / "f.toml"); }), "f.toml: line 1: "));
}

TEST_CASE("quoted text is read back as it was") {
  std::string all = "a \"b\" \\ # ' = [x] caf\xc3\xa9";
  for (char c = 1; c < ' '; ++c) all += c;
  all += '\x7f';
  CHECK(parse_toml("a = " + toml_string(all) + "\n", "f.toml")["a"].text() == all);
}

}  // namespace
}  // namespace banel
