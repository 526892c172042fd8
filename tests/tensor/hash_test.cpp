#include "tensor/hash.h"

#include <doctest/doctest.h>

namespace banel {
namespace {

TEST_CASE("the hash has the values of its definition for any bytes and however they are cut") {
  CHECK(hex(fnv1a("")) == "cbf29ce484222325");
  CHECK(hex(fnv1a("a")) == "af63dc4c8601ec8c");
  CHECK(hex(fnv1a("foobar")) == "85944171f73967e8");
  CHECK(hex(fnv1a("\xff\x80")) == "0a9a2607b6f6e56a");
  CHECK(fnv1a("bar", fnv1a("foo")) == fnv1a("foobar"));
}

}  // namespace
}  // namespace banel
