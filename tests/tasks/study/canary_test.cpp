#include "tasks/study/canary.h"

#include <doctest/doctest.h>

#include "tasks/addition/addition.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny/tiny_study.h"

namespace banel {
namespace {

TEST_CASE("a canary has one hash for the same code and another one for other attacks") {
  const TemporaryFolder one, two;
  const Registry all = tiny::registry();
  Study s = tiny::study(tiny::two_by_two);
  const Canary first = run_canary(one.path, s, all);
  CHECK(run_canary(one.path, s, all).hash == first.hash);  // read back
  CHECK(canary_hash(one.path, all) == first.hash);
  CHECK(!first.expected);
  s.hashes[first.core] = "stated";
  CHECK(run_canary(one.path, s, all).expected == "stated");
  change(s, all, "banel.f=2");
  CHECK(run_canary(two.path, s, all).hash != first.hash);
}

TEST_CASE("the tables in tasks/results belong to the present code" * doctest::test_suite("slow")) {
  const TemporaryFolder temporary;
  const Registry all{.methods = built_in_methods(), .tasks = {addition::entry()}};
  const Canary canary = run_canary(temporary.path, read_study("canary", all), all);
  if (!canary.expected) {
    MESSAGE("skipped: no hash is stored for the OpenBLAS core type " << canary.core << ", here it is "
                                                                     << canary.hash);
    return;
  }
  CHECK(canary.hash == *canary.expected);
}

}  // namespace
}  // namespace banel
