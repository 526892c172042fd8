// `banel ask`: targets, attackers, finds, rules, word problems.
#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>

#include "banel/ledger.h"
#include "nn/io/json.h"
#include "tests/support/json.h"
#include "tests/support/run_banel.h"
#include "tests/support/temporary_folder.h"

namespace banel {
namespace {

namespace fs = std::filesystem;
using tiny::Folder;

TEST_CASE("the target answers a question letter by letter and right and wrong are told apart") {
  const Folder here;
  const Arguments ask{"ask", "target", "12+4", "--quiet", "--networks", here.networks};
  const Outcome o = run(ask);
  CHECK(o.code == 0);
  CHECK(o.err == "");
  CHECK(o.out.rfind("12+4=", 0) == 0);
  CHECK(o.out.find("as text") != o.out.npos);
  CHECK(o.out.find("the sum is 16") != o.out.npos);
  const Json json = json_of(run(ask + Arguments{"--json"}).out);
  CHECK(json.at("sum") == "16");
  CHECK(json.at("wrong_as_text") == (json.at("answer") != "16"));
  const std::size_t characters = json.at("answer").text().size();
  const bool ended =
      json.at("digits").size() == characters + 1;  // an answer that fills the context has no end
  CHECK((ended || (json.at("digits").size() == characters && characters == 5)));
  for (const Json& digit : json.at("digits").items()) {
    CHECK(digit.at("probability").number() > 1.0 / 13 - 1e-6);  // the most likely of 13 tokens
    CHECK(digit.at("probability").number() <= 1.0 + 1e-6);
  }
  refused(2, {"ask", "target", "123+4", "--networks", here.networks}, {"123+4", "2"});
  refused(2, {"ask", "target", "one", "--networks", here.networks}, {"one"});
  const Json errors = json_of(run({"ask", "target", "--samples", "200", "--networks", here.networks}).out);
  CHECK(errors.at("error").at("n") == 200);
}

TEST_CASE("without networks the run of reproduce is asked and that of its quick form if there is no other") {
  const Folder here;
  const fs::path runs = here.path / "runs";
  fs::create_directory(runs);
  fs::rename(here.networks, runs / "quick");
  CHECK(run({"ask", "target", "12+4", "--quiet"}, here.path).code == 0);
  fs::create_directory(runs / "reproduce");
  refused(3, {"ask", "target", "12+4", "--quiet"}, {"runs/reproduce"}, here.path);
}

TEST_CASE("an answer that just fills the context of the target ends there") {
  const TemporaryFolder here;
  REQUIRE(run({"attack", "--instance", "5", "--out", "x", "--quiet", "--samples", "10", "--method", "prior",
               "--set", "budget=5"},
              here.path)
              .code == 0);
  const Json json =
      json_of(run({"ask", "target", "99999+99999", "--json", "--quiet", "--networks", "x"}, here.path).out);
  REQUIRE(json.at("answer").text().size() == 6);
  REQUIRE(json.at("digits").size() == 7);
  CHECK(json.at("digits")[6].at("text") == "end");
}

TEST_CASE("the reasoner of the program solves a word problem without any run") {
  const TemporaryFolder here;
  const Outcome easy = run({"ask", "reason", "A=12.B4tA.?B:", "--quiet"}, here.path);
  CHECK(easy.code == 0);
  CHECK(easy.out.find("A has 12. B has 4 times as many as A. How many has B?") != std::string::npos);
  const Json json = json_of(run({"ask", "reason", "A=12.B4tA.?B:", "--json"}, here.path).out);
  CHECK(json.at("answer") == 48);
  CHECK(json.at("sound").at("value").number() > 0.9);
  const std::string hard = run({"ask", "reason", "B=214.B2dE.?E:", "-n", "100", "--quiet"}, here.path).out;
  CHECK(hard.find("(wrong, it is 428)") != std::string::npos);
  CHECK(hard.find("428    right  E=214*2=428;#428.") != std::string::npos);  // not as the most likely one
  refused(2, {"ask", "reason", "A=12.B4xA.?B:"}, {"A=12.B4xA.?B:", "C=73.C5dH.H31fB.?B:"});
  refused(4, {"ask", "reason", "A=12.B4tA.?B:", "--networks", "none"}, {"none"}, here.path);
}

TEST_CASE("an attacker writes strings before and after an attack and is measured") {
  const Folder here;
  // A target this small errs on everything: without a failure, only a policy gradient changes the attacker.
  REQUIRE(run({"attack", "--quiet", "--networks", here.networks, "--out", here.path / "run", "--samples",
               "100", "--method", "reinforce", "--set", "budget=60", "--set", "m=20"})
              .code == 0);
  const Arguments ask{"ask", "attacker", here.networks, "--quiet", "-n", "7", "--seed", "3"};
  const Outcome o = run(ask);
  CHECK(o.code == 0);
  CHECK(o.err == "");
  CHECK(std::count(o.out.begin(), o.out.end(), '\t') == 7);
  CHECK(std::count(o.out.begin(), o.out.end(), '\n') == 7);
  CHECK(run(ask).out == o.out);
  std::istringstream lines(run(ask + Arguments{"--format", "jsonl"}).out);
  int number = 0;
  for (std::string line; std::getline(lines, line); ++number)
    CHECK(json_of(line).at("log_prob").number() < 0);
  CHECK(number == 7);
  const Outcome after = run({"ask", "attacker", here.path / "run", "--quiet", "-n", "7", "--seed", "3"});
  CHECK(after.code == 0);
  CHECK(after.out != o.out);
  CHECK(json_of(run({"ask", "attacker", here.networks, "--samples", "200"}).out).at("success").at("n") ==
        200);
}

TEST_CASE("an attacker that is more than its network writes what its readings measured") {
  const TemporaryFolder here;
  for (const char* method : {"banel-pool", "banel-union"}) {
    CAPTURE(method);
    const fs::path folder = here.path / method;
    const Json attack = json_of(
        run({"attack", "--task", "toy1d", "--method", method, "--out", folder, "--quiet", "--json"}).out);
    CHECK(attack.at("final").at("exact").at("value") == 1);
    const Json written = json_of(run({"ask", "attacker", folder, "--samples", "500"}).out);
    CHECK(written.at("success").at("k") == 500);
  }
}

TEST_CASE("an attack that ends without a round says why wherever it is told of") {
  const Folder here;
  const Arguments attack{"attack",          "--networks", here.networks, "--method", "banel-pool", "--set",
                         "pool=1",          "--set",      "budget=40",   "--set",    "m=20",       "--out",
                         here.path / "run", "--samples",  "100",         "--quiet"};
  const std::string why = "the pool has fewer new valid strings than a round needs";
  CHECK(has(run(attack).out, why));
  CHECK(json_of(run(attack + Arguments{"--json"}).out).at("ended") == why);
  refused(3, {"ask", here.path / "run"}, {"ended without a round", why});
}

TEST_CASE("the finds of an attack are told in words and the rules written by hand are tried") {
  const Folder here;
  REQUIRE(run(here.attack("run", {"--method", "memory", "--set", "budget=60"})).code ==
          2);  // memory has no m
  REQUIRE(run(here.attack("run")).code == 0);
  const Outcome o = run({"ask", here.path / "run", "--quiet", "-n", "3"});
  CAPTURE(o.err);
  CHECK(o.code == 0);
  CHECK(o.out.find("2-digit addition, target 1, banel, seed 5") == 0);
  CHECK(has(o.out, "  first reward: evaluation "));
  CHECK(std::count(o.out.begin(), o.out.end(), '\n') <= 6);
  const Json json = json_of(run({"ask", here.path / "run", "--json"}).out);
  for (const Json& find : json.at("finds").items()) CHECK(find.contains("rule"));
  const std::vector<Evaluation> paid = read_ledger(here.path / "run" / "ledger.jsonl").evaluations;
  const auto first =
      std::ranges::find_if(paid, [](const Evaluation& e) { return e.verdict.reward == Reward::success; });
  CHECK(json.at("first_reward").at("evaluation") == first - paid.begin() + 1);
  CHECK(json.at("first_reward").at("attempt") == first->attempt);
  const Json rules =
      json_of(run({"ask", "rules", "--samples", "100", "--json", "--networks", here.path / "run"}).out);
  CHECK(rules.size() > 0);
  const Json explained =
      json_of(run({"ask", "rules", "--samples", "100", "--json", "--attack", here.path / "run"}).out);
  for (const Json& rule : explained.items()) CHECK(rule.at("share_of_finds").at("n").integer() > 0);
  for (const Json& rule : rules.items()) CHECK(rule.at("success").at("n") == 100);
}

}  // namespace
}  // namespace banel
