#include "tasks/toy1d/toy1d_figure.h"

#include <doctest/doctest.h>

#include "tensor/check.h"
#include "tests/support/pictures.h"

using namespace banel;

TEST_CASE("the one-dimensional illustration has a chart for every step and marks the rewarded places") {
  const toy1d::Step step{
      {0.1, 0.2, 0.4, 0.2, 0.1}, {2, 2, 4}, {0.1, 0.1, 0.6, 0.1, 0.1}, {0.5, 0, 0, 0, 0.5}};
  const DrawList list =
      toy1d::figure({{-2, -1, 0, 1, 2}, {-2, 2}, {step, step, step, step}, {}, {}}, {"note", true});
  check_texts_are_readable(list);
  const std::vector<Text> texts = all<Text>(list);
  CHECK(std::any_of(texts.begin(), texts.end(), [](const Text& t) { return contains(t.text, "QUICK RUN"); }));
  for (int i = 1; i <= 4; ++i) text_of(list, "step " + std::to_string(i));
  CHECK(lines_of(list, series_colour(2), 1.5).size() == 2 * 4);
  std::vector<Circle> rewarded = all<Circle>(list);
  CHECK(rewarded.size() == 3 * 4);
  std::erase_if(rewarded, [](const Circle& c) { return c.colour != series_colour(2); });
  CHECK(rewarded.size() == 4);
  CHECK_THROWS_AS(toy1d::figure({{-2, 2}, {2}, {}, {}, {}}, {}), UsageError);
}
