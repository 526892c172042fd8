#include "tasks/run/registry.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "nn/io/checkpoint.h"
#include "tensor/check.h"
#include "tests/support/tiny/tiny_attack.h"

namespace banel {
namespace {

const Registry& all() {
  static const Registry built{built_in_methods(), {}};
  return built;
}

TEST_CASE("a renamed copy of a method has the same ledger and attacker and its own name") {
  const Method copy = variant("renamed", tiny::method("banel"), {});
  const TemporaryFolder one, other;
  tiny::attack(one.path, tiny::method("banel"));
  tiny::attack(other.path, copy);
  for (const char* file : {"ledger.jsonl", "metrics.jsonl"})
    CHECK((read_file(one.path / file) == read_file(other.path / file)));
  const auto weights = [](const TemporaryFolder& folder) {
    return load_checkpoint(folder.path / "attacker.safetensors").model.parameters.values;
  };
  CHECK(weights(one) == weights(other));
  CHECK(read_file(other.path / "config.json").find("\"renamed\"") != std::string::npos);
}

TEST_CASE("an unknown method is refused with the names of all and the nearest one") {
  try {
    all().method("bandel");
    FAIL_CHECK("accepted");
  } catch (const UsageError& error) {
    const std::string what = error.what();
    CHECK(what.starts_with("method: \"bandel\" is unknown; did you mean banel?"));
    for (const Method& m : all().methods) CHECK(what.find(m.name) != what.npos);
  }
  CHECK_THROWS_WITH_AS(all().task("additon"), doctest::Contains("task: \"additon\" is unknown"), UsageError);
}

TEST_CASE("every method has a name of its own and a sentence and settings that exist") {
  std::vector<std::string> keys, names;
  for (const Setting& s : method_settings()) keys.push_back(s.key);
  for (const Method& m : all().methods) {
    CAPTURE(m.name);
    CHECK(std::count(names.begin(), names.end(), m.name) == 0);
    names.push_back(m.name);
    CHECK(!m.sentence.empty());
    CHECK(m.learner);
    for (const std::string& key : m.uses) {
      CAPTURE(key);
      CHECK(std::count(keys.begin(), keys.end(), key) == 1);
      CHECK(std::count(m.uses.begin(), m.uses.end(), key) == 1);
    }
    CHECK(settings_of(m).size() == m.uses.size());
    for (const Setting& s : settings_of(m))
      if (s.key != "screen") CHECK_NOTHROW(s.check(s.value));
  }
}

TEST_CASE("a setting that a method does not use or that does not exist is refused") {
  Method m = all().method("banel");
  CHECK_THROWS_WITH_AS(set(m, "kl", 0.3), doctest::Contains("kl has no effect on banel"), UsageError);
  CHECK_THROWS_WITH_AS(set(m, "kapa", 0.3), doctest::Contains("\"kapa\" does not exist; did you mean kappa?"),
                       UsageError);
  CHECK_THROWS_WITH_AS(set(m, "kappa", 11), doctest::Contains("kappa: 11 is outside 0..10"), UsageError);
  CHECK_THROWS_WITH_AS(set(m, "m", 2.5), doctest::Contains("not a whole number"), UsageError);
  CHECK_THROWS_AS(set(m, "f", "many"), UsageError);
  Method prior = all().method("prior");
  CHECK_THROWS_WITH_AS(set(prior, "m", 50), doctest::Contains("m has no effect on prior"), UsageError);
}

TEST_CASE("every setting of every method reaches the method and its configuration") {
  for (const Method& known : all().methods)
    for (const Setting& s : settings_of(known)) {
      CAPTURE(known.name);
      CAPTURE(s.key);
      Method m = known;
      const Value other = s.key == "screen"     ? Value("no-fives")
                          : s.value == s.lowest ? Value(s.lowest + 1)
                                                : Value(s.lowest);
      set(m, s.key, other);
      CHECK(values_of(m).at(s.key) == other);
      const Json before = attack_config(tiny::task(), known, {}), after = attack_config(tiny::task(), m, {});
      CHECK(before != after);
    }
}

TEST_CASE("a method of one round spends its whole budget in it") {
  Method m = all().method("prior");
  set(m, "budget", 120);
  CHECK(m.settings.m == 120);
}

TEST_CASE("the control that evaluates nothing has whole rounds since it saves no evaluation") {
  const Method& control = all().method("oracle-free");
  CHECK_FALSE(control.consults_oracle);
  CHECK(control.settings.early_abort == 0);
}

TEST_CASE("settings win over those of the task and those over the registry's") {
  class Adapting : public tiny::TinyTask {
    void adapt(Method& m) const override { m.settings.f = 7; }
  };
  const Method& banel = all().method("banel");
  CHECK(adapted(banel, Adapting(), {}).settings.f == 7);
  CHECK(adapted(banel, Adapting(), {{"f", 9}}).settings.f == 9);
  CHECK(adapted(banel, tiny::task(), {}).settings.f == banel.settings.f);
}

TEST_CASE("settings that do not go together are refused before an attack has a folder") {
  CHECK_THROWS_WITH_AS(adapted(all().method("banel"), tiny::task(), {{"scout", 100}, {"m", 5000}}),
                       doctest::Contains("scout 100 needs"), UsageError);
}

TEST_CASE("a screen that the task does not have is refused with those it has") {
  const Method& banel = all().method("banel");
  CHECK_THROWS_WITH_AS(
      adapted(banel, tiny::task(), {{"screen", "sixes"}}),
      doctest::Contains("\"sixes\" is no screen of this task; it has none, known, syntax, no-fives"),
      UsageError);
  CHECK(adapted(banel, tiny::task(), {{"screen", "no-fives"}}).settings.screened);
  CHECK(!adapted(banel, tiny::task(), {{"screen", "none"}}).settings.screened);
  CHECK(adapted(all().method("banel-paper"), tiny::task(), {{"screen", "known"}}).settings.screened);
}

TEST_CASE("the screens that need no prior knowledge are used together and one more by its name") {
  const std::vector<Attempt> attempts{"1+2=", "2+3=", "1+2"};
  Method m = all().method("banel");
  CHECK(screen_of(tiny::task(), m)(attempts) == std::vector<bool>{true, true, false});
  m.screen = "no-fives";
  CHECK(screen_of(tiny::task(), m)(attempts) == std::vector<bool>{true, false, false});
}

}  // namespace
}  // namespace banel
