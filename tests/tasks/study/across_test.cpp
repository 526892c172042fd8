#include "tasks/study/across.h"

#include <doctest/doctest.h>

#include "nn/io/file.h"
#include "tests/support/temporary_folder.h"
#include "tensor/check.h"
#include "tests/support/tiny_reproduce.h"

namespace banel {
namespace {

struct At {
  std::int64_t nre, successes, valid = 100, distinct = 100;
};

AttackResult run_of(const std::vector<At>& readings) {
  AttackResult result;
  for (const At& at : readings) {
    RoundRecord r;
    r.nre = at.nre;
    r.success = {at.successes, 100};
    r.valid = {at.valid, 100};
    r.distinct = {at.distinct, 100};
    result.rounds.push_back(r);
  }
  return result;
}

bool has(const std::string& text, const std::string& part) {
  INFO(text);
  return text.find(part) != text.npos;
}

TEST_CASE("the table across targets counts the runs that reach one half and when") {
  const Rate base{1, 100};
  const Group ours{"banel", {{base, {run_of({{250, 10}, {500, 60}, {750, 90}}), run_of({{250, 55}, {500, 40}, {750, 80}})}}, {base, {run_of({{250, 1}, {500, 2}, {750, 10}})}}}};
  const Group control{"tail", {{base, {run_of({{250, 1}, {500, 1}, {750, 1}}), run_of({{250, 5}, {500, 5}, {750, 1}})}}, {base, {run_of({{250, 1}, {500, 1}, {750, 1}})}}}};
  const std::string md = across({ours, control});
  CHECK(has(md, "| banel | 0.6000 ("));  // mean of 0.9, 0.8, 0.1
  CHECK(has(md, " | 0.1000 | 60.0 ("));  // the lowest, and the factor over 0.01
  CHECK(has(md, "| 375, 500 (2 of 3) |"));
  CHECK(has(md, "| 0 of 3 |"));
  CHECK(has(md, "| 0.000, 0.0"));  // at the end the control gained nothing
  CHECK(has(md, "| 0.12 |"));      // 1 of 8 sign flips
}

TEST_CASE("the rounds of a third tell what the filter keeps of successes and of failures") {
  AttackResult run = run_of({{250, 1}, {500, 2, 80}, {750, 3, 60, 50}});
  RoundRecord& middle = run.rounds[1];
  middle.proposals = 1000, middle.proposal_success = {1, 10};  // 100 successes, 900 failures
  middle.accepted = 250, middle.accepted_success = {2, 10};    // 50 and 200 of them
  middle.entropy = 7, middle.surprise = 33;
  middle.phi_loss = 1, middle.phi_heldout = 3;
  const std::string md = across({{"banel", {{{1, 100}, {run}}}}});
  CHECK(has(md, "| banel | 250 | 1.000 | 1.000 | 0.0 | 0.0 | - | - | - | - | - | - |"));
  CHECK(has(md, "| banel | 500 | 0.800 | 1.000 | 7.0 | 33.0 | 1.00 | 3.00 | 10.0 % | 50.0 % | 22.2 % | 14.0 |"));
  CHECK(has(md, "| banel | 750 | 0.600 | 0.500 |"));
}

TEST_CASE("the label-free rule hands over the last reading of which half the samples are valid") {
  CHECK(stopped(run_of({{250, 1}, {500, 50}, {750, 40}}).rounds).nre == 750);
  CHECK(stopped(run_of({{250, 1}, {500, 50}, {750, 40, 49}}).rounds).nre == 500);
  CHECK(stopped(run_of({{250, 1}, {500, 50, 49}, {750, 40, 50}}).rounds).nre == 750);  // it came back
  CHECK(stopped(run_of({{250, 1, 0}, {500, 1, 49}}).rounds).nre == 250);               // half at no time
}

TEST_CASE("the table tells how many evaluations the label-free rule is away from the best reading") {
  const AttackResult early = run_of({{250, 1}, {500, 50, 49}, {750, 2, 49}});  // best at 500; it hands over 250
  const AttackResult late = run_of({{250, 60}, {500, 50}, {750, 40}});         // best at 250; it hands over 750
  const std::string md = across({{"banel", {{{1, 100}, {early, late}}}}});
  CHECK(has(md, "| banel | 50 % | 0.2050 | 0.2100 | 0.5500 | 375, 500 |"));
}

TEST_CASE("groups are read from finished runs and only those that all of them have") {
  const TemporaryFolder temporary;
  const auto one = temporary.path / "one", two = temporary.path / "two";
  reproduce(one, tiny::reproduction({"banel", "tail"}), ProgressMode::quiet);
  reproduce(two, tiny::reproduction({"banel"}), ProgressMode::quiet);
  const std::vector<Group> groups = read_groups({one, two});
  REQUIRE(groups.size() == 1);
  CHECK(groups[0].name == "banel");
  REQUIRE(groups[0].targets.size() == 2);
  CHECK(groups[0].targets[0].runs.size() == 2);
  CHECK(read_groups({one}).size() == 2);
  CHECK(read_groups({one})[0].name == "banel");
  CHECK_THROWS_AS(read_groups({temporary.path / "absent"}), InputError);
  CHECK_THROWS_AS(read_groups({}), UsageError);
}

}  // namespace
}  // namespace banel
