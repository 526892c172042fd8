#include "tasks/reason/problem.h"

#include <doctest/doctest.h>

#include <set>

#include "tensor/check.h"

namespace banel::reason {
namespace {

const Problem example = parse_problem("C=73.C5dH.H31fB.?B:");  // that of problem.h
constexpr const char* example_solution = "C=73;sH=5*73=365;B=31+365=396;#396.";

TEST_CASE("an inverse relation turns its operation round") {
  CHECK(parse_problem("A=12.B4tA.?B:").answer() == 48);  // B has 4 times as many as A
  CHECK(parse_problem("A=12.A4tB.?B:").answer() == 3);   // A has 4 times as many as B
  CHECK(parse_problem("A=12.B4dA.?B:").answer() == 3);   // B has a 4th of A
  CHECK(parse_problem("A=12.A4dB.?B:").answer() == 48);  // A has a 4th of B
  CHECK(parse_problem("A=12.A5mB.?B:").answer() == 7);   // A has 5 more than B
  CHECK(parse_problem("A=12.A5fB.?B:").answer() == 17);  // A has 5 fewer than B
  CHECK(example.values() == std::vector<int>{73, 365, 396});
  CHECK(parse_problem("A=333.B3tA.?B:").answer() == 999);  // the largest and the smallest that there is
  CHECK(parse_problem("A=9.B9dA.?B:").answer() == 1);
}

TEST_CASE("a problem reads back from its text") {
  for (std::uint32_t i = 0; i < 200; ++i) {
    Rng rng(1, "problem_test", 0, i);
    const Problem p = random_problem(rng, 0.5, 0.5);
    CHECK(p.relations.size() >= 1);
    CHECK(p.relations.size() <= most_relations);
    CHECK(parse_problem(p.text()).text() == p.text());
    for (const int value : p.values()) {
      CHECK(value >= 1);
      CHECK(value <= largest_value);
    }
    CHECK(p.text().size() <= 33);
  }
  CHECK(example.words() == "C has 73. C has a fifth of H. H has 31 fewer than B. How many has B?");
}

TEST_CASE("what is no problem is refused with one that is") {
  for (const char* text :
       {"", "C=73.", "C=73.?C:", "C=73.C5dH.?H", "C=73.C5xH.?H:", "C=73.A5dB.?B:", "C=73.C5dC.?C:",
        "C=73.H10dC.?H:", "C=73.H1tC.?H:", "C=73.H100mC.?H:", "C=07.C5dH.?H:", "C=73.C5dH.?H:x",
        "A=1000.B2dA.?B:", "A=1.B2mA.C2mB.D2mC.E2mD.F2mE.?F:"})  // a digit or a relation too many
    CHECK_THROWS_WITH_AS(parse_problem(text), doctest::Contains("C=73.C5dH.H31fB.?B:"), UsageError);
  CHECK_THROWS_WITH_AS(parse_problem("A=12.B5dA.?B:"), doctest::Contains("not whole"), UsageError);
  CHECK_THROWS_WITH_AS(parse_problem("A=500.B3tA.?B:"), doctest::Contains("999"), UsageError);
}

TEST_CASE("no step has the same text twice not even a number added to itself") {
  for (const char* text : {"A=5.B5mA.?B:", "A=5.B5tA.?B:", "A=5.B4mA.?B:", "C=73.C5dH.H31fB.?B:"})
    for (const std::vector<std::string>& piece : pieces(parse_problem(text)))
      CHECK(std::set<std::string>(piece.begin(), piece.end()).size() == piece.size());
}

TEST_CASE("training problems hold no inverse relation that scales") {
  int shifted = 0;
  for (std::uint32_t i = 0; i < 500; ++i) {
    Rng rng(2, "problem_test", 0, i);
    for (const Relation& r : random_problem(rng, 0.5, 0).relations) {
      CHECK(!(r.scales() && r.inverse));
      shifted += r.inverse;
    }
  }
  CHECK(shifted > 100);
}

TEST_CASE("every wording of the reference reasoning is sound and adds up and ends with the answer") {
  CHECK(is_sound(example, example_solution));
  std::set<std::string> met;
  for (std::uint32_t i = 0; i < 2000; ++i) {
    Rng rng(3, "problem_test", 0, i);
    const std::string x = random_solution(example, rng);
    met.insert(x);
    CHECK(is_sound(example, x));
    CHECK(parse_solution(x)->adds_up());
    CHECK(written_answer(x) == "396");
  }
  CHECK(met.size() > 400);
  CHECK(met.size() <= 2 * 16 * 16);
}

TEST_CASE("the right number by other steps is not sound") {
  CHECK(!is_sound(example, "C=73;H=5*73=365;B=365+30=396;#396."));  // a wrong step
  CHECK(!is_sound(example, "H=5*73=365;B=396-0=396;#396."));
  CHECK(!is_sound(example, "H=5*73=365;#396."));
  CHECK(!is_sound(example, "C=73;sH=5*73=365;B=31+365=396;#396.."));
  CHECK(!is_sound(example, ""));
}

TEST_CASE("the calculator passes steps that add up whatever they are about") {
  CHECK(parse_solution("H=73*5=365;B=365-31=334;#334.")->adds_up());
  CHECK(!parse_solution("H=73*5=366;#366.")->adds_up());
  CHECK(!parse_solution("H=73/5=14;#14.")->adds_up());    // not whole
  CHECK(!parse_solution("H=73*5=365;#364.")->adds_up());  // another answer than the last result
  for (const char* text : {"", "#396.", "C=73;#73.", "H=5*73=365;#365", "H=5*73;#365.", "ssH=5*73=365;#365.",
                           "H=5*073=365;#365.", "H=5*73=365;C=73;#365.", "sC=73;H=5*73=365;#365."})
    CHECK(!parse_solution(text));
}

TEST_CASE("the answer is what follows the last mark") {
  CHECK(written_answer("#3;H=1+1=2;#42.") == "42");
  CHECK(written_answer("#1234567890 ") == "1234567890");
  CHECK(written_answer("H=1+1=2;#.").empty());
  CHECK(written_answer("H=1+1=2").empty());
}

}  // namespace
}  // namespace banel::reason
