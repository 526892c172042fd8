#include <doctest/doctest.h>

#include <algorithm>

#include "nn/io/file.h"
#include "tasks/addition/addition.h"
#include "tasks/planted/planted.h"
#include "tasks/reason/reason.h"
#include "tasks/study/study.h"
#include "tensor/check.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny/tiny_study.h"

namespace banel {
namespace {

const std::string beginning = "title = \"T\"\ntask = \"tiny\"\n";  // two lines; what follows is line 3

std::vector<std::string> names(const Study& study) {
  std::vector<std::string> result;
  for (const Variant& v : study.variants) result.push_back(v.name);
  return result;
}

// "[1, 2, 3]"
std::string many(int n) {
  std::string list = "[1";
  for (int i = 2; i <= n; ++i) list += ", " + std::to_string(i);
  return list + ']';
}

TEST_CASE("a study file says what to run and what it leaves out has its default") {
  const Study s = tiny::study(beginning + R"(
sentence = "Why."
instances = [4, 7]
seeds = 3
budget = 500
variants = ["tail", {name = "ours", method = "banel", kappa = 0.5}]
[settings]
depth = "high"
)");
  CHECK(s.title == "T");
  CHECK(s.name == "tiny");
  CHECK(s.seeds == std::vector<std::uint64_t>{1, 2, 3});
  REQUIRE(s.panels.size() == 1);
  CHECK(s.panels[0] == Panel{"", "tiny", {4, 7}, {{"depth", "high"}}});
  CHECK(s.variants == std::vector<Variant>{{"tail", "tail"}, {"ours", "banel", {{"kappa", 0.5}}}});
  CHECK(method_values(s, s.variants[1]) == Values{{"budget", 500}, {"kappa", 0.5}});
  CHECK(s.base_samples == 1'000'000);
  CHECK(!s.quick);
}

TEST_CASE("the budget of a variant wins over that of the study") {
  const Study s = tiny::study(beginning + R"(
budget = 500
variants = ["tail", {name = "short", method = "banel", budget = 40}]
)");
  CHECK(method_values(s, s.variants[0]) == Values{{"budget", 500}});
  CHECK(method_values(s, s.variants[1]) == Values{{"budget", 40}});
}

TEST_CASE("a list of values makes a variant of each") {
  const Study s = tiny::study(beginning + "variants = [{method = \"banel\", kappa = [0.3, 1], f = 8}]");
  CHECK(names(s) == std::vector<std::string>{"banel, kappa 0.3", "banel, kappa 1"});
  CHECK(s.variants[1].settings == Values{{"f", 8}, {"kappa", 1}});
  CHECK(names(tiny::study(beginning + "variants = [{method = \"banel\", kappa = [0.3, 1], f = [2, 8]}]")) ==
        std::vector<std::string>{"banel, f 2, kappa 0.3", "banel, f 2, kappa 1", "banel, f 8, kappa 0.3",
                                 "banel, f 8, kappa 1"});
}

TEST_CASE("a quick run has the settings of the quick tables and of the task") {
  const std::string toml = beginning + R"(
budget = 500
variants = [{method = "banel", m = 250, quick = {m = 20}}, "tail"]
panels = [{name = "a", divisor = 5}, {name = "b", divisor = 5, quick = {divisor = 7}}]
[quick]
budget = 50
seeds = 1
)";
  const Study full = tiny::study(toml), quick = tiny::study(toml, true);
  CHECK(full.budget == 500);
  CHECK(full.variants[0].settings == Values{{"m", 250}});
  CHECK(full.panels[1].settings == Values{{"divisor", 5}});
  CHECK(quick.budget == 50);
  CHECK(quick.quick);
  CHECK(quick.seeds.size() == 1);
  CHECK(quick.variants[0].settings == Values{{"m", 20}});
  CHECK(quick.panels[0].settings == Values{{"divisor", 2}});
  CHECK(quick.panels[1].settings == Values{{"divisor", 7}});
  const Study own = tiny::study(
      beginning + "variants = [\"prior\"]\n[settings]\ndepth = \"high\"\n[quick.settings]\ndepth = \"low\"",
      true);
  CHECK(own.panels[0].settings == Values{{"depth", "low"}});  // nothing of the task's own quick settings
}

TEST_CASE("a study that asks for rankings says so in its copy") {
  const std::string toml = beginning + "variants = [\"banel\"]\n";
  const Study asks = tiny::study("ranking = true\n" + toml);
  CHECK(asks.ranking);
  CHECK_FALSE(tiny::study(toml).ranking);
  CHECK(tiny::study(to_toml(asks)).ranking);
}

TEST_CASE("whatever is wrong in a study file is refused with its line") {
  const std::string variants = "variants = [\"tail\"]\n";
  const std::pair<std::string, const char*> wrong[] = {
      {"seed = 3\n" + variants, "line 3: seed: is not a key that is known here; did you mean seeds?"},
      {"seeds = 0\n" + variants, "line 3: seeds: 0 is outside 1..1000"},
      {"instances = [1000001]\n" + variants, "line 3: instances[0]: 1000001 is outside 0..1000000"},
      {"seeds = [1, 1]\n" + variants, "line 3: seeds[1]: is given twice"},
      {"budget = \"many\"\n" + variants, "line 3: budget: must be"},
      {"show = [\"sucess\"]\n" + variants, "line 3: show[0]: is no figure; did you mean success?"},
      {"canary = \"nowhere\"\n" + variants, "line 3: canary: is neither a study nor a file"},
      {"", "the key variants is missing"},
      {"variants = []", "line 3: variants: is empty"},
      {"variants = [\"bannel\"]", "did you mean banel?"},
      {"variants = [{name = \"x\"}]", "the key method is missing"},
      {"variants = [\"tail\", \"tail\"]",
       "line 3: variants: \"tail\" has the name, or the folder, of another one"},
      {"variants = [{method = \"tail\", kappa = 1}]",
       "line 3: variants[0].kappa: setting: kappa has no effect on tail"},
      {"variants = [{method = \"tail\", f = 0.5}]", "line 3: variants[0].f: 0.5 is outside 1..1000"},
      {"variants = [{method = \"tail\", quick = {f = 0.5}}]", "line 3: variants[0].quick.f: 0.5 is outside"},
      {"variants = [{method = \"tail\", f = []}]", "line 3: variants[0].f: is empty"},
      {"variants = [{method = \"tail\", ranges = {f = [2, 4]}}]", "belong together"},
      {variants + "halving = {configurations = 2, budgets = [10]}", "belong together"},
      {"variants = [{method = \"tail\", ranges = {f = [2, 4]}}, {name = \"tail #2 at 10\", method = "
       "\"tail\"}]\n"
       "halving = {configurations = 2, budgets = [10]}",
       "\"tail #2 at 10\" looks like a configuration of \"tail\""},
      {variants + "[settings]\ndivisor = 10", "line 5: settings.divisor: 10 is outside 1..9"},
      {variants + "[settings]\ndivisr = 3", "did you mean divisor?"},
      {variants + "[quick]\nbudgt = 3", "line 5: quick.budgt: is not a key"},
      {variants + "[quick]\nbudget = 0", "line 5: quick.budget: 0 is outside"},
      {"budget = 5\n" + variants + "halving = {configurations = 2, budgets = [10]}",
       "line 3: budget: has no effect with [halving]"},
      {variants + "halving = {configurations = 2, budgets = [10, 5]}", "budgets[1]: 5 is outside"},
      {"variants = [\"prior\", {method = \"tail\", f = " + many(20) + ", m = " + many(50) + "}]",
       "line 3: variants[1].m: makes more than 1,000 variants"},
      {"seeds = 1000\ninstances = 1000\nvariants = [\"prior\", \"tail\"]",
       "line 5: variants: would make 2,000,000 attacks; a study has at most 1,000,000"},
      {variants + "hashes = {\"\" = \"1\"}", "line 4: hashes.\"\": its key is empty"},
      {"panels = [{name = \"a\"}, {name = \"a\"}]\n" + variants,
       "line 3: panels: \"a\" has the name, or the folder, of another one"},
      {variants + "[quoted]\nlabel = \"x\"\nx = [1]\nfactors = []", "as many factors"},
  };
  for (const auto& [toml, message] : wrong) {
    const std::string text = toml;
    INFO(text);
    CHECK_THROWS_WITH_AS(tiny::study(beginning + text), doctest::Contains(message), InputError);
  }
  CHECK_THROWS_WITH_AS(tiny::study("title = \"T\"\ntask = \"tine\"\n"),
                       doctest::Contains("line 2: task: \"tine\" is unknown; did you mean tiny?"),
                       InputError);
  CHECK_THROWS_WITH_AS(
      tiny::study("title = \"T\"\ntask = \"program\"\nsamples = 100\nvariants = [\"prior\"]\n"),
      doctest::Contains("line 3: samples: this task judges nothing outside the budget"), InputError);
  CHECK_THROWS_WITH_AS(read_study("plantd", tiny::registry()), doctest::Contains("did you mean planted?"),
                       UsageError);
}

TEST_CASE("a study is written as a file that reads back to the same study") {
  Study s = tiny::study(beginning + R"(
sentence = "Why \"so\"?"
seeds = [4, 9]
budget = 7
samples = 100
base_samples = 500
seconds = 1.5
instance_seconds = 90.5
results = true
show = ["success", "bars"]
variants = [{method = "banel", kappa = [0.3, 1]}, "prior"]
panels = [{name = "one, two", divisor = 5}, {name = "b"}]
quoted = {label = "paper", x = [1, 2], factors = [0.1, 3]}
hashes = {Zen = "12"}
)");
  const Study again = tiny::study(to_toml(s));
  CHECK(again == s);  // in what to_toml writes; so everything is compared once more
  CHECK(again.sentence == "Why \"so\"?");
  CHECK(again.panels == s.panels);
  CHECK(again.variants == s.variants);
  CHECK(again.seeds == std::vector<std::uint64_t>{4, 9});
  CHECK(again.show == std::vector<std::string>{"success", "bars"});
  CHECK(again.budget == 7);
  CHECK(again.samples == 100);
  CHECK(again.base_samples == 500);
  CHECK(again.seconds == 1.5);
  CHECK(again.instance_seconds == 90.5);
  CHECK(again.results);
  CHECK(again.hashes == s.hashes);
  REQUIRE(again.quoted);
  CHECK(again.quoted->label == "paper");
  CHECK(again.quoted->x == std::vector<double>{1, 2});
  CHECK(again.quoted->factors == std::vector<double>{0.1, 3});
  s.quick = true;
  CHECK(tiny::study(to_toml(s)).quick);
  const Study with_ranges = tiny::study(beginning + R"(
halving = {configurations = 4, budgets = [10, 20], keep = 2, seed = 9}
variants = [{method = "tail", ranges = {f = {low = 2, high = 8, log = true}, theta_epochs = [1, 4]}}]
)");
  const Study ranges_again = tiny::study(to_toml(with_ranges));
  CHECK(ranges_again.variants == with_ranges.variants);
  CHECK(*ranges_again.halving == *with_ranges.halving);
  CHECK(with_ranges.variants[0].ranges.at("f") == Range{2, 8, true});
}

TEST_CASE("every study of the project is read in full and quick") {
  Registry all{.methods = built_in_methods(),
               .tasks = {addition::entry(), planted::entry(), reason::entry()}};
  CHECK(study_names().size() >= 7);
  for (const std::string& name : study_names())
    for (const bool quick : {false, true}) {
      INFO(name);
      const Study s = read_study(name, all, quick);
      CHECK(s.name == name);
      CHECK(s.quick == quick);
      CHECK(parse_study(to_toml(s), name, all) == s);
      for (const Variant& v : s.variants)
        set(*std::make_unique<Method>(all.method(v.method)), method_values(s, v));
    }
}

TEST_CASE("a setting reaches what has it and one that nothing has is refused") {
  Study s = tiny::study(
      beginning + "variants = [\"banel\", \"tail\", {name = \"b, 2\", method = \"banel\", budget = 9}]");
  const Registry all = tiny::registry();
  change(s, all, "budget=33");
  CHECK(method_values(s, s.variants[2]) == Values{{"budget", 33}});
  change(s, all, "divisor=5");
  CHECK(s.panels[0].settings == Values{{"divisor", 5}});
  change(s, all, "kappa=0.5");
  CHECK(s.variants[0].settings == Values{{"kappa", 0.5}});
  CHECK(s.variants[1].settings.empty());
  change(s, all, "b-2.f=9");
  CHECK(s.variants[2].settings == Values{{"f", 9}, {"kappa", 0.5}});
  CHECK_THROWS_WITH_AS(change(s, all, "kapa=1"), doctest::Contains("did you mean kappa?"), UsageError);
  CHECK_THROWS_AS(change(s, all, "kappa=many"), UsageError);
  CHECK_THROWS_AS(change(s, all, "divisor=10"), UsageError);
  CHECK_THROWS_AS(change(s, all, "tail.kappa=1"), UsageError);
  CHECK_THROWS_AS(change(s, all, "seeds"), UsageError);
}

TEST_CASE("a setting of one variant wins over that of all in whatever order they are given") {
  const Registry all = tiny::registry();
  for (const bool first : {true, false}) {
    Study s = tiny::study(beginning + "variants = [\"banel\", \"tail\"]");
    std::vector<std::string> assignments{"f=3", "budget=50", "banel.f=2", "tail.budget=40"};
    if (first) std::ranges::reverse(assignments);
    change_all(s, all, assignments);
    CHECK(method_values(s, s.variants[0]) == Values{{"budget", 50}, {"f", 2}});
    CHECK(method_values(s, s.variants[1]) == Values{{"budget", 40}, {"f", 3}});
  }
}

TEST_CASE("the canary of a run need not be where it was") {
  const TemporaryFolder temporary;
  Study s = tiny::study(beginning + "variants = [\"prior\"]");
  s.canary = "gone.toml";
  write_file(temporary.path / "study.toml", to_toml(s));
  CHECK(read_run(temporary.path, tiny::registry()).canary == "gone.toml");
  write_file(temporary.path / "other.toml", to_toml(s));
  CHECK_THROWS_AS(read_study((temporary.path / "other.toml").string(), tiny::registry()), InputError);
  CHECK_THROWS_WITH_AS(read_run(temporary.path / "x", tiny::registry()),
                       doctest::Contains("x/study.toml: is missing"), InputError);
}

TEST_CASE("a panel may have another task and instances of its own") {
  const std::string toml = R"(
title = "T"
task = "tiny"
instances = [3, 4]
variants = ["prior"]
panels = [{name = "a", divisor = 5}, {name = "b", task = "program", instances = [8]}]
[settings]
depth = "high"
)";
  Study s = tiny::study(toml);
  REQUIRE(s.panels.size() == 2);
  CHECK(s.panels[0] == Panel{"a", "tiny", {3, 4}, {{"depth", "high"}, {"divisor", 5}}});
  CHECK(s.panels[1] == Panel{"b", "program", {8}});
  CHECK(instance_count(s) == 3);
  CHECK(tiny::study(to_toml(s)) == s);
  change(s, tiny::registry(), "divisor=7");  // of the panels whose task has it
  CHECK(s.panels[0].settings.at("divisor") == 7);
  CHECK(s.panels[1].settings.empty());
  CHECK_THROWS_WITH_AS(tiny::study(toml + "[quick]\npanels = [{name = \"a\", task = \"prgram\"}]"),
                       doctest::Contains("did you mean program?"), InputError);
}

TEST_CASE("parts of a study are chosen by name and any method of the registry can join it") {
  Study s = tiny::study(std::string(tiny::two_by_two) + "instances = [1, 2]");
  Registry all = tiny::registry();
  all.methods.push_back(variant("mine", all.method("banel"), {}));
  select(s, all, {.panels = {"fives"}, .variants = {"mine", "banel"}, .instances = {2}, .seeds = {5}});
  CHECK(names(s) == std::vector<std::string>{"mine", "banel"});
  CHECK(s.variants[1].settings.contains("m"));
  CHECK(s.panels.size() == 1);
  CHECK(s.panels[0].instances == std::vector<std::uint64_t>{2});
  CHECK(s.seeds == std::vector<std::uint64_t>{5});
  CHECK_THROWS_WITH_AS(select(s, all, {.panels = {"five"}}), doctest::Contains("did you mean fives?"),
                       UsageError);
  CHECK_THROWS_AS(select(s, all, {.variants = {"unknown"}}), UsageError);
  CHECK_THROWS_AS(select(s, all, {.variants = {"mine", "mine"}}), UsageError);
}

TEST_CASE("a name becomes a part of a path that no other part can leave") {
  CHECK(path_name("banel, kappa 0.3") == "banel-kappa-0.3");
  CHECK(path_name("../tail 5e-6/") == "tail-5e-6");
  CHECK(path_name("κ") == "");
}

}  // namespace
}  // namespace banel
