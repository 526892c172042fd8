#include "tasks/plot/canvas.h"

#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>

#include "nn/io/file.h"
#include "tensor/check.h"
#include "tests/support/comma_locale.h"
#include "tests/support/in_child.h"
#include "tests/support/pictures.h"

using namespace banel;

namespace {

Image render(const Mark& shape) {
  DrawList list{.width = 100, .height = 80};
  list.add(shape);
  return decode_png(to_png(list, 1));
}

// Whether every tag is closed in order, every attribute quoted, and no mark left raw.
bool well_formed(std::string_view xml) {
  std::vector<std::string_view> open;
  while (!xml.empty()) {
    if (xml.front() != '<') {
      const std::string_view text = xml.substr(0, xml.find('<'));
      if (text.find('>') != text.npos) return false;
      for (std::size_t i = text.find('&'); i != text.npos; i = text.find('&', i + 1)) {
        const std::size_t end = text.find(';', i);
        const bool number = end != text.npos && end > i + 2 && text[i + 1] == '#' &&
                            text.substr(i + 2, end - i - 2).find_first_not_of("0123456789") == text.npos;
        if (!number) return false;
      }
      xml.remove_prefix(text.size());
      continue;
    }
    const std::size_t end = xml.find('>');
    if (end == xml.npos) return false;
    const std::string_view tag = xml.substr(1, end - 1);
    xml.remove_prefix(end + 1);
    if (tag.find_first_of("<&") != tag.npos || std::count(tag.begin(), tag.end(), '"') % 2 != 0) return false;
    const std::string_view name = tag.substr(0, tag.find(' '));
    if (name.front() == '/') {
      if (open.empty() || open.back() != name.substr(1)) return false;
      open.pop_back();
    } else if (tag.back() != '/') {
      open.push_back(name);
    }
  }
  return open.empty();
}

DrawList one_of_each() {
  DrawList list;
  list.add(Text{.text = "a<b & \"c\" > 'd' – 10⁻³"});
  list.add(Polyline{.points = {{0, 0}, {1.5, 2.25}}, .alpha = 0.5, .dash = 3});
  list.add(Polygon{.points = rectangle(1, 2, 3, 4)});
  list.add(Circle{});
  return list;
}

}  // namespace

TEST_CASE("canvas: drawing the same list twice gives the same bytes") {
  CHECK(to_png(one_of_each()) == to_png(one_of_each()));
  CHECK(to_svg(one_of_each()) == to_svg(one_of_each()));
}

TEST_CASE("canvas: a picture has the same bytes in a locale with a decimal comma") {
  const std::string png = to_png(one_of_each()), svg = to_svg(one_of_each());
  const CommaLocale comma;
  if (!comma.active()) return;
  CHECK(to_png(one_of_each()) == png);
  CHECK(to_svg(one_of_each()) == svg);
}

TEST_CASE("canvas: a PNG has two pixels per point unless another scale is asked for") {
  const DrawList list{.width = 120, .height = 50};
  const Image twice = decode_png(to_png(list)), half = decode_png(to_png(list, 0.5));
  CHECK(twice.width == 240);
  CHECK(twice.height == 100);
  CHECK(half.width == 60);
  CHECK(half.height == 25);
}

TEST_CASE("canvas: a line leaves ink along its way and nowhere else") {
  const Image image = render(Polyline{.points = {{10, 20}, {60, 20}, {60, 70}}, .width = 4});
  for (int x = 10; x <= 60; ++x) CHECK(image.at(x, 20) == 0);
  for (int y = 20; y < 70; ++y) CHECK(image.at(60, y) == 0);
  CHECK(image.ink_box() == std::array<int, 4>{8, 18, 62, 72});
  CHECK_FALSE(image.ink(40, 40));
}

TEST_CASE("canvas: a slanted line covers as many pixels as its area") {
  const Image image = render(Polyline{.points = {{20, 15}, {80, 60}}, .width = 3});
  double area = 0;
  for (unsigned char value : image.rgb) area += (255 - value) / (3 * 255.0);
  CHECK(area == doctest::Approx(75 * 3 + 3.1416 * 1.5 * 1.5).epsilon(0.01));
}

TEST_CASE("canvas: a translucent line does not darken where it meets itself") {
  const Image image = render(
      Polyline{.points = {{10, 40}, {90, 40}, {50, 40}, {50, 10}, {50, 70}}, .width = 6, .alpha = 0.5});
  for (int x = 12; x < 88; ++x) CHECK(image.at(x, 40) == image.at(12, 40));
  CHECK(image.at(12, 40) == 128);
}

TEST_CASE("canvas: a band is even inside and has no seams") {
  std::vector<Point> outline;
  for (int x = 10; x <= 90; x += 3) outline.push_back({x + 0.3, 20.5 + x % 2});
  for (int x = 90; x >= 10; x -= 3) outline.push_back({x + 0.3, 60.25});
  const Image image = render(Polygon{.points = outline, .alpha = 0.2});
  for (int y = 23; y < 59; ++y)
    for (int x = 13; x < 87; ++x) CHECK(image.at(x, y) == 204);
  CHECK_FALSE(image.ink(50, 18));
  CHECK_FALSE(image.ink(50, 62));
}

TEST_CASE("canvas: a rectangle on whole pixels has sharp edges") {
  const Image image = render(Polygon{.points = rectangle(10, 20, 30, 5)});
  CHECK(image.ink_box() == std::array<int, 4>{10, 20, 40, 25});
  for (int x = 10; x < 40; ++x) CHECK((image.at(x, 20) == 0 && image.at(x, 24) == 0));
}

TEST_CASE("canvas: a dent in an outline stays empty") {
  const Image image = render(
      Polygon{.points = {{10, 10}, {40, 10}, {40, 60}, {60, 60}, {60, 10}, {90, 10}, {90, 70}, {10, 70}}});
  CHECK(image.ink(25, 30));
  CHECK(image.ink(75, 30));
  CHECK(image.ink(50, 65));
  CHECK_FALSE(image.ink(50, 30));
}

TEST_CASE("canvas: a circle covers its area around its centre") {
  const Image image = render(Circle{.centre = {50, 40}, .radius = 12});
  double area = 0;
  for (unsigned char value : image.rgb) area += (255 - value) / (3 * 255.0);
  CHECK(area == doctest::Approx(3.1416 * 144).epsilon(0.01));
  CHECK(image.ink_box() == std::array<int, 4>{38, 28, 62, 52});
}

TEST_CASE("canvas: a dashed line is drawn and left out in turn") {
  const Image image = render(Polyline{.points = {{0, 40}, {55, 40}, {100, 40}}, .width = 2, .dash = 10});
  for (int dash = 0; dash < 10; ++dash) CHECK(image.ink(10 * dash + 5, 40) == (dash % 2 == 0));
  const Image bent = render(Polyline{.points = {{0, 40}, {58, 40}, {100, 40}}, .width = 2, .dash = 10});
  for (int dash = 0; dash < 10; ++dash) CHECK(bent.ink(10 * dash + 5, 40) == (dash % 2 == 0));
}

TEST_CASE("canvas: a picture ends at a request to stop") {
  DrawList list;
  list.add(Circle{});
  CHECK(stops([&] { to_png(list); }));
}

TEST_CASE("canvas: shapes beyond the border are cut off") {
  const Image image = render(Polyline{.points = {{-5000, 40}, {5000, 40}}, .width = 2});
  CHECK(image.ink_box() == std::array<int, 4>{0, 39, 100, 41});
  CHECK(render(Circle{.centre = {-50, -50}, .radius = 10}).ink_box() == std::array<int, 4>{100, 80, 0, 0});
  CHECK(render(Polygon{.points = rectangle(-20, -20, 50, 200)}).ink_box() ==
        std::array<int, 4>{0, 0, 30, 80});
  CHECK(render(Text{.at = {-10, 40}, .text = "Hamburg", .size = 14}).ink_box()[2] < 60);
  CHECK(render(Text{.at = {80, 40}, .text = "Hamburg", .size = 14}).ink_box()[0] > 75);
}

TEST_CASE("canvas: text keeps to its anchor and its width") {
  const double width = text_width("Hamburg", 14);
  CHECK(text_width("Hamburg", 28) == doctest::Approx(2 * width));
  for (Anchor anchor : {Anchor::start, Anchor::middle, Anchor::end}) {
    const auto box = render(Text{.at = {70, 40}, .text = "Hamburg", .size = 14, .anchor = anchor}).ink_box();
    const double left = 70 - width * static_cast<int>(anchor) / 2.0;
    CHECK(std::abs(box[0] - left) <= 2.5);
    if (anchor != Anchor::start) CHECK(std::abs(box[2] - (left + width)) <= 2.5);
    CHECK(box[1] >= 40 - 14);
    CHECK(box[3] <= 40 + 5);
  }
}

TEST_CASE("canvas: kerning brings some letters closer") {
  CHECK(text_width("AV", 100) < text_width("A", 100) + text_width("V", 100));
}

TEST_CASE("canvas: upright text is the same text turned to the left") {
  const Image flat = render(Text{.at = {20, 40}, .text = "Fig", .size = 20});
  const Image turned = render(Text{.at = {40, 60}, .text = "Fig", .size = 20, .upright = true});
  for (int v = -20; v < 15; ++v)
    for (int u = 0; u < 40; ++u) CHECK(turned.at(40 + v, 59 - u) == flat.at(20 + u, 40 + v));
  CHECK(flat.ink_box()[0] < 25);
}

TEST_CASE("canvas: an SVG is well formed and escapes its text") {
  const std::string svg = to_svg(one_of_each());
  CHECK(well_formed(svg));
  CHECK(contains(svg, ">a&#60;b &#38; &#34;c&#34; &#62; &#39;d&#39; &#8211; 10&#8315;&#179;</text>"));
  CHECK(contains(svg, "points=\"0.00,0.00 1.50,2.25\""));
  CHECK_FALSE(well_formed("<a>b & c</a>"));
  CHECK_FALSE(well_formed("<a><b></a></b>"));
}

TEST_CASE("canvas: bytes that are no text show as a replacement mark") {
  for (const char* bad : {"\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x01", "\x1f",
                          "\xef\xbf\xbe", "\xef\xbf\xbf"}) {
    DrawList list;
    list.add(Text{.text = std::string("x") + bad});
    CHECK(contains(to_svg(list), ">x&#65533;"));
    CHECK(well_formed(to_svg(list)));
    CHECK(to_png(list).size() > 100);
  }
}

TEST_CASE("canvas: coordinates without a place on the canvas are refused") {
  for (const Mark& shape : {Mark(Polyline{.points = {{0, NAN}}}), Mark(Circle{.centre = {1e300, 0}}),
                            Mark(Polygon{.points = {{0, 0}, {1, -INFINITY}}}), Mark(Text{.at = {NAN, 0}})}) {
    DrawList list;
    list.add(shape);
    CHECK_THROWS_AS(to_png(list), UsageError);
    CHECK_THROWS_AS(to_svg(list), UsageError);
  }
  CHECK_THROWS_AS(to_png({.width = 0}), UsageError);
  CHECK_THROWS_AS(to_png({.width = NAN}), UsageError);
  CHECK_THROWS_AS(to_svg({.height = 1e9}), UsageError);
}

TEST_CASE("canvas: files hold the bytes and a missing folder is an IoError") {
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / "banel_canvas_test";
  std::filesystem::create_directories(folder);
  const DrawList list = one_of_each();
  write_png(list, folder / "a.png");
  write_svg(list, folder / "a.svg");
  CHECK(read_file(folder / "a.png") == to_png(list));
  CHECK(read_file(folder / "a.svg") == to_svg(list));
  std::filesystem::remove_all(folder);
  CHECK_THROWS_AS(write_png(list, folder / "a.png"), IoError);
}

TEST_CASE("canvas: pictures in a grid keep their shapes and do not overlap") {
  DrawList small{.width = 100, .height = 40}, large{.width = 60, .height = 70};
  small.add(Polyline{.points = {{0, 0}, {100, 40}}});
  large.add(Circle{.centre = {30, 35}});
  const DrawList list = grid({small, large, large}, 2);
  CHECK(list.width == 160);
  CHECK(list.height == 140);
  REQUIRE(all<Circle>(list).size() == 2);
  CHECK(all<Circle>(list)[0].centre.x == 130);
  CHECK(all<Circle>(list)[0].centre.y == 35);
  CHECK(all<Circle>(list)[1].centre.x == 30);
  CHECK(all<Circle>(list)[1].centre.y == 105);
  CHECK(all<Polyline>(list).at(0).points[1].y == 40);
  CHECK(grid({small, large}, 1).height == 110);
  CHECK_THROWS_AS(grid({}, 2), UsageError);
  CHECK_THROWS_AS(grid({small}, 0), UsageError);
}

TEST_CASE("canvas: every kind of shape moves with its picture") {
  DrawList moved;
  place(moved, one_of_each(), {10, 20});
  CHECK(all<Text>(moved).at(0).at.y == 20);
  CHECK(all<Polyline>(moved).at(0).points[1].x == 11.5);
  CHECK(all<Polygon>(moved).at(0).points[0].y == 22);
  CHECK(all<Circle>(moved).at(0).centre.x == 10);
}
