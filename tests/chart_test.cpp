#include "tasks/chart.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <limits>
#include <memory>
#include <random>

#include "nn/file.h"
#include "tasks/canvas.h"
#include "tensor/check.h"

#define STBI_ONLY_PNG
#define STBI_NO_STDIO
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#include <stb/stb_image.h>

using namespace banel;

namespace {

constexpr double not_finite = std::numeric_limits<double>::quiet_NaN();

// ---- pictures as pixels ----

struct Image {
  int width = 0, height = 0;
  std::vector<unsigned char> rgb;

  int at(int x, int y, int channel = 0) const {
    return rgb[static_cast<std::size_t>(3 * (y * width + x) + channel)];
  }
  bool ink(int x, int y) const { return at(x, y, 0) + at(x, y, 1) + at(x, y, 2) < 3 * 255 - 20; }

  // The smallest box with all ink: left, top, right, bottom (half open).
  std::array<int, 4> ink_box() const {
    std::array<int, 4> box{width, height, 0, 0};
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x)
        if (ink(x, y))
          box = {std::min(box[0], x), std::min(box[1], y), std::max(box[2], x + 1), std::max(box[3], y + 1)};
    return box;
  }
};

Image decode_png(const std::string& bytes) {
  Image image;
  int channels = 0;
  const std::unique_ptr<unsigned char, void (*)(void*)> pixels(
      stbi_load_from_memory(reinterpret_cast<const unsigned char*>(bytes.data()),
                            static_cast<int>(bytes.size()), &image.width, &image.height, &channels, 3),
      stbi_image_free);
  REQUIRE(pixels);
  image.rgb.assign(pixels.get(), pixels.get() + 3 * image.width * image.height);
  return image;
}

Image render(const Mark& shape) {
  DrawList list{.width = 100, .height = 80};
  list.add(shape);
  return decode_png(to_png(list, 1));
}

// ---- pictures as shapes ----

template <class Kind>
std::vector<Kind> all(const DrawList& list) {
  std::vector<Kind> out;
  for (const Mark& shape : list.shapes)
    if (const Kind* found = std::get_if<Kind>(&shape)) out.push_back(*found);
  return out;
}

Text text_of(const DrawList& list, const std::string& words) {
  for (const Text& text : all<Text>(list))
    if (text.text == words) return text;
  FAIL("no text \"" << words << "\"");
  return {};
}

// Arrows are the only outlines of seven points.
std::vector<Polygon> arrows(const DrawList& list) {
  std::vector<Polygon> out = all<Polygon>(list);
  std::erase_if(out, [](const Polygon& p) { return p.points.size() != 7; });
  return out;
}

std::vector<Polyline> lines_of(const DrawList& list, Colour colour, double width) {
  std::vector<Polyline> out = all<Polyline>(list);
  std::erase_if(out, [&](const Polyline& l) { return l.colour != colour || l.width != width; });
  return out;
}

struct Rect {
  double left, top, right, bottom;
  bool overlaps(const Rect& o) const {
    return left < o.right && o.left < right && top < o.bottom && o.top < bottom;
  }
};

Rect box_of(const Text& text) {
  const double width = text_width(text.text, text.size), up = 0.76 * text.size, down = 0.24 * text.size;
  const double before = text.anchor == Anchor::start ? 0 : text.anchor == Anchor::middle ? width / 2 : width;
  const auto [x, y] = text.at;
  if (text.upright) return {x - up, y + before - width, x + down, y + before};
  return {x - before, y - up, x - before + width, y + down};
}

void check_texts_are_readable(const DrawList& list) {
  const std::vector<Text> texts = all<Text>(list);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const Rect box = box_of(texts[i]);
    CAPTURE(texts[i].text);
    CHECK((box.left >= 0 && box.top >= 0 && box.right <= list.width && box.bottom <= list.height));
    for (std::size_t j = 0; j < i; ++j) {
      CAPTURE(texts[j].text);
      CHECK_FALSE(box.overlaps(box_of(texts[j])));
    }
  }
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

std::string error_of(const LineChart& chart) {
  try {
    draw(chart);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

// Two methods, five evaluations; "slow" has one seed that finds nothing at first.
LineChart small_chart() {
  LineChart chart;
  chart.captions = {"Title", "Subtitle", "Footer"};
  chart.x = {.label = "Reward evaluations", .lo = 0, .hi = 4000};
  chart.y = {.label = "Success rate", .scale = Scale::log, .lo = 1e-3, .hi = 1};
  const std::vector<double> x{0, 1000, 2000, 3000, 4000};
  chart.series = {{.label = "fast", .x = x, .mean = {0.001, 0.01, 0.1, 0.5, 1}},
                  {.label = "slow",
                   .x = x,
                   .mean = {0.001, 0.002, 0.004, 0.006, 0.01},
                   .seeds = {{0, 0, 0.002, 0.004, 0.01}, {0.002, 0.004, 0.006, 0.008, 0.01}}}};
  return chart;
}

BarChart small_bars() {
  BarChart chart;
  chart.captions = {"Title", "Subtitle", "Footer"};
  chart.x = {.label = "Success rate", .scale = Scale::log, .ticks = Ticks::percent, .lo = 1e-4, .hi = 1};
  chart.bars = {{"some", 0.1, 0.05, 0.2, {}}, {"few", 0.001, 0, 0.002, {}}, {"none", 0, 0, 0.0003, {}}};
  return chart;
}

}  // namespace

TEST_CASE("canvas: drawing the same list twice gives the same bytes") {
  const DrawList list = draw(small_chart());
  CHECK(to_png(list) == to_png(draw(small_chart())));
  CHECK(to_svg(list) == to_svg(draw(small_chart())));
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
}

TEST_CASE("canvas: shapes beyond the border are cut off") {
  const Image image = render(Polyline{.points = {{-5000, 40}, {5000, 40}}, .width = 2});
  CHECK(image.ink_box() == std::array<int, 4>{0, 39, 100, 41});
  CHECK(render(Circle{.centre = {-50, -50}, .radius = 10}).ink_box() == std::array<int, 4>{100, 80, 0, 0});
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
  DrawList list;
  list.add(Text{.text = "a<b & \"c\" > 'd' – 10⁻³"});
  list.add(Polyline{.points = {{0, 0}, {1.5, 2.25}}, .alpha = 0.5, .dash = 3});
  list.add(Polygon{.points = rectangle(1, 2, 3, 4)});
  list.add(Circle{});
  const std::string svg = to_svg(list);
  CHECK(well_formed(svg));
  CHECK(contains(svg, ">a&#60;b &#38; &#34;c&#34; &#62; &#39;d&#39; &#8211; 10&#8315;&#179;</text>"));
  CHECK(contains(svg, "points=\"0.00,0.00 1.50,2.25\""));
  CHECK(well_formed(to_svg(draw(small_chart()))));
  CHECK_FALSE(well_formed("<a>b & c</a>"));
  CHECK_FALSE(well_formed("<a><b></a></b>"));
}

TEST_CASE("canvas: bytes that are no text show as a replacement mark") {
  for (const char* bad :
       {"\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x01", "\xef\xbf\xbf"}) {
    DrawList list;
    list.add(Text{.text = std::string("x") + bad});
    CHECK(contains(to_svg(list), ">x&#65533;"));
    CHECK(well_formed(to_svg(list)));
    CHECK(to_png(list).size() > 100);
  }
}

TEST_CASE("canvas: coordinates without a place on the canvas are refused") {
  for (const Mark& shape :
       {Mark(Polyline{.points = {{0, not_finite}}}), Mark(Circle{.centre = {1e300, 0}}),
        Mark(Polygon{.points = {{0, 0}, {1, -INFINITY}}}), Mark(Text{.at = {not_finite, 0}})}) {
    DrawList list;
    list.add(shape);
    CHECK_THROWS_AS(to_png(list), UsageError);
    CHECK_THROWS_AS(to_svg(list), UsageError);
  }
  CHECK_THROWS_AS(to_png({.width = 0}), UsageError);
  CHECK_THROWS_AS(to_png({.width = not_finite}), UsageError);
  CHECK_THROWS_AS(to_svg({.height = 1e9}), UsageError);
}

TEST_CASE("canvas: files hold the bytes and a missing folder is an IoError") {
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / "banel_chart_test";
  std::filesystem::create_directories(folder);
  const DrawList list = draw(small_chart());
  write_png(list, folder / "a.png");
  write_svg(list, folder / "a.svg");
  CHECK(read_file(folder / "a.png") == to_png(list));
  CHECK(read_file(folder / "a.svg") == to_svg(list));
  std::filesystem::remove_all(folder);
  CHECK_THROWS_AS(write_png(list, folder / "a.png"), IoError);
}

TEST_CASE("chart: values are written as a person reads them") {
  CHECK(value_text(0, Ticks::number) == "0");
  CHECK(value_text(7500, Ticks::number) == "7,500");
  CHECK(value_text(1234567, Ticks::number) == "1,234,567");
  CHECK(value_text(999, Ticks::number) == "999");
  CHECK(value_text(0.3, Ticks::number) == "0.3");
  CHECK(value_text(-2.5, Ticks::number) == "−2.5");
  CHECK(value_text(1e-4, Ticks::number) == "0.0001");
  CHECK(value_text(1e9, Ticks::number) == "10⁹");
  CHECK(value_text(3.2e-9, Ticks::number) == "3.2·10⁻⁹");
  CHECK(value_text(1, Ticks::percent) == "100 %");
  CHECK(value_text(1e-4, Ticks::percent) == "0.01 %");
  CHECK(value_text(0.0123456, Ticks::percent, 3) == "1.23 %");
  CHECK(value_text(0.00045, Ticks::percent, 3) == "0.0450 %");
  CHECK(value_text(1e-3, Ticks::power) == "10⁻³");
  CHECK(value_text(5e12, Ticks::power) == "5·10¹²");
}

TEST_CASE("chart: a linear axis ends on round steps and holds its values") {
  const Span evaluations = span_of({.lo = 0, .hi = 7500}, {100, 7500});
  CHECK(evaluations.lo == 0);
  CHECK(evaluations.hi == 7500);
  CHECK(evaluations.ticks.size() == 6);
  CHECK(evaluations.ticks[1].text == "1,500");
  std::mt19937 random(1);
  std::uniform_real_distribution<double> uniform(-1, 1);
  for (int i = 0; i < 1000; ++i) {
    const double size = std::pow(10, 6 * uniform(random)), a = size * uniform(random),
                 b = size * uniform(random);
    const Span span = span_of({}, {a, b});
    CHECK((span.lo <= std::min(a, b) + 1e-9 * size && span.hi >= std::max(a, b) - 1e-9 * size));
    CHECK((span.ticks.size() >= 5 && span.ticks.size() <= 9));
    CHECK(span.hi - span.lo < 3 * std::abs(a - b));
  }
  for (double value : {0.0, 5.0, -3e-7}) CHECK(span_of({}, {value}).ticks.size() >= 5);
}

TEST_CASE("chart: a log axis covers whole decades and reports zeros") {
  const Axis axis{.scale = Scale::log, .ticks = Ticks::percent};
  const Span span = span_of(axis, {0.5, 0.0002, 0});
  CHECK(span.zeros);
  CHECK(span.lo == doctest::Approx(1e-4));
  CHECK(span.hi == doctest::Approx(1));
  std::vector<std::string> labels;
  for (const Tick& tick : span.ticks)
    if (!tick.text.empty()) labels.push_back(tick.text);
  CHECK(labels == std::vector<std::string>{"0.01 %", "0.1 %", "1 %", "10 %", "100 %"});
  CHECK(span_of(axis, {1e-4, 1}).lo == doctest::Approx(1e-4));
  CHECK_FALSE(span_of(axis, {1e-4, 1}).zeros);
  CHECK(span_of(axis, {0.01}).hi > 0.01);
  CHECK(span_of(axis, {0, 0}).lo > 0);
}

TEST_CASE("chart: an axis grows beyond its wished range rather than cut values off") {
  CHECK(span_of({.scale = Scale::log, .lo = 1e-2, .hi = 1}, {3e-5}).lo == doctest::Approx(1e-5));
  CHECK(span_of({.lo = 0, .hi = 10}, {12}).hi >= 12);
}

TEST_CASE("chart: an axis covers its wished range when the values do not") {
  CHECK(span_of({.lo = 0, .hi = 10}, {3, 4}).lo == 0);
  CHECK(span_of({.lo = 0, .hi = 10}, {3, 4}).hi == 10);
  CHECK(span_of({.scale = Scale::log, .lo = 1e-4, .hi = 1}, {0.02}).lo == doctest::Approx(1e-4));
}

TEST_CASE("chart: positions are pushed apart in order and no further than needed") {
  CHECK(spread({}, 10, 0, 100).empty());
  CHECK(spread({20, 50, 80}, 10, 0, 100) == std::vector<double>{20, 50, 80});
  CHECK(spread({50, 50}, 10, 0, 100) == std::vector<double>{45, 55});
  CHECK(spread({100, 0, 98}, 10, 0, 100) == std::vector<double>{100, 0, 90});
  CHECK(spread({5, 5, 5}, 80, 0, 100) == std::vector<double>{0, 50, 100});
  std::mt19937 random(1);
  for (int trial = 0; trial < 500; ++trial) {
    std::vector<double> wanted(1 + random() % 8);
    for (double& w : wanted) w = static_cast<double>(random() % 100);
    const std::vector<double> out = spread(wanted, 12, 0, 100);
    for (std::size_t i = 0; i < out.size(); ++i) {
      CHECK((out[i] >= -1e-9 && out[i] <= 100 + 1e-9));
      for (std::size_t j = 0; j < i; ++j) {
        CHECK(std::abs(out[i] - out[j]) >= 12 - 1e-9);
        if (wanted[i] < wanted[j]) CHECK(out[i] < out[j]);
      }
    }
  }
}

TEST_CASE("chart: texts neither overlap nor leave the picture when all lines end at one place") {
  LineChart chart = small_chart();
  chart.reference = Reference{0.01, "before the attack"};
  for (double end : {0.0, 0.001, 0.01, 1.0}) {
    chart.series.clear();
    for (const char* name : {"BaNEL", "Count-based", "RND", "REINFORCE", "GRPO", "Random search"})
      chart.series.push_back({.label = name, .x = {0, 4000}, .mean = {0.001, end}});
    check_texts_are_readable(draw(chart));
    const DrawList list = draw(chart);
    for (const Series& series : chart.series) text_of(list, series.label);
  }
}

TEST_CASE("chart: long labels get the room they need") {
  LineChart chart = small_chart();
  chart.series[0].label = "a method whose name says how it works";
  check_texts_are_readable(draw(chart));
}

TEST_CASE("chart: texts neither overlap nor leave the picture in a chart of bars") {
  BarChart chart = small_bars();
  chart.reference = Reference{2e-4, "before the attack"};
  check_texts_are_readable(draw(chart));
  chart.captions.footer.clear();
  chart.x.scale = Scale::linear;
  check_texts_are_readable(draw(chart));
}

TEST_CASE("chart: long captions wrap inside the picture") {
  LineChart chart = small_chart();
  std::string words = "word";
  for (int i = 0; i < 40; ++i) words += " word";
  chart.captions = {words, words, words};
  check_texts_are_readable(draw(chart));
}

TEST_CASE("chart: equal ratios are equal lengths on a log axis") {
  const DrawList list = draw(small_chart());
  const auto fast = lines_of(list, series_colour(0), 2.4);
  REQUIRE(fast.size() == 1);
  const std::vector<Point>& p = fast[0].points;
  CHECK(p[0].y - p[1].y == doctest::Approx(p[1].y - p[2].y));
  CHECK(p[1].y - p[2].y == doctest::Approx(p[2].y - p[4].y));
  CHECK(p[1].x - p[0].x == doctest::Approx(p[4].x - p[3].x));
  const double top = text_of(list, "1").at.y, tenth = text_of(list, "0.1").at.y;
  CHECK(tenth - top == doctest::Approx(p[2].y - p[4].y));
}

TEST_CASE("chart: the strong line shows up in the pixels where its values are") {
  const DrawList list = draw(small_chart());
  const Image image = decode_png(to_png(list));
  const std::vector<Point> points = lines_of(list, series_colour(0), 2.4).at(0).points;
  for (const Point& p : points) {
    if (p.x < 100) continue;  // the axis lies on the first point
    const int x = static_cast<int>(2 * p.x) - 1, y = static_cast<int>(2 * p.y);
    CHECK(image.at(x, y, 0) == 0);
    CHECK(image.at(x, y, 1) == 114);
    CHECK(image.at(x, y, 2) == 178);
  }
}

TEST_CASE("chart: single seeds are faint and the mean is strong") {
  const DrawList list = draw(small_chart());
  const auto faint = lines_of(list, series_colour(1), 1), strong = lines_of(list, series_colour(1), 2.4);
  REQUIRE(faint.size() == 2);
  REQUIRE(strong.size() == 1);
  for (const Polyline& line : faint) CHECK(line.alpha < 0.5);
  CHECK(strong[0].alpha == 1);
}

TEST_CASE("chart: zeros on a log axis are arrows below every positive value") {
  const DrawList list = draw(small_chart());
  const auto marks = arrows(list);
  REQUIRE(marks.size() == 2);
  const auto seeds = lines_of(list, series_colour(1), 1);
  double lowest_positive = 0;
  for (const Polyline& line : seeds)
    for (const Point& p : line.points)
      if (p.y < seeds[0].points[0].y) lowest_positive = std::max(lowest_positive, p.y);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(marks[i].points[0].x == doctest::Approx(seeds[0].points[i].x));
    for (const Point& p : marks[i].points) {
      CHECK(p.y > lowest_positive);
      CHECK(p.y <= marks[i].points[0].y);  // the tip is lowest
    }
  }
  std::vector<Text> ticks = all<Text>(list);
  std::erase_if(ticks, [](const Text& t) { return t.text != "0" || t.anchor != Anchor::end; });
  CHECK(ticks.size() == 1);  // the tick of the y axis
}

TEST_CASE("chart: series with zeros do not hide one another") {
  LineChart chart = small_chart();
  chart.series = {{.label = "a", .x = {0, 4000}, .mean = {0.1, 0}},
                  {.label = "b", .x = {0, 4000}, .mean = {0.1, 0}}};
  const auto marks = arrows(draw(chart));
  REQUIRE(marks.size() == 2);
  CHECK(std::abs(marks[0].points[0].y - marks[1].points[0].y) >= 9);
}

TEST_CASE("chart: a linear axis draws zeros as plain points") {
  LineChart chart = small_chart();
  chart.y.scale = Scale::linear;
  CHECK(arrows(draw(chart)).empty());
}

TEST_CASE("chart: a band runs along hi and back along lo") {
  LineChart chart = small_chart();
  chart.series.resize(1);
  chart.series[0].lo = {0.001, 0.001, 0.01, 0.1, 0.5};
  chart.series[0].hi = {0.01, 0.1, 1, 1, 1};
  const DrawList list = draw(chart);
  std::vector<Polygon> bands = all<Polygon>(list);
  std::erase_if(bands, [](const Polygon& p) { return p.points.size() != 10; });
  REQUIRE(bands.size() == 1);
  const auto& band = bands[0].points;
  const std::vector<Point> mean = lines_of(list, series_colour(0), 2.4).at(0).points;
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(band[i].x == mean[i].x);
    CHECK(band[9 - i].x == mean[i].x);
    CHECK(band[i].y <= mean[i].y + 1e-9);
    CHECK(band[9 - i].y >= mean[i].y - 1e-9);
  }
}

TEST_CASE("chart: values that cannot be drawn are refused with the name of the series") {
  for (double bad : {not_finite, static_cast<double>(INFINITY), -0.1}) {
    LineChart mean = small_chart(), seed = small_chart(), band = small_chart();
    mean.series[0].mean[3] = bad;
    seed.series[1].seeds[0][2] = bad;
    band.series[0].lo = band.series[0].hi = {1, 1, bad, 1, 1};
    CHECK(contains(error_of(mean), "\"fast\": mean[3]"));
    CHECK(contains(error_of(seed), "\"slow\": seeds[2]"));
    CHECK(contains(error_of(band), "\"fast\": lo[2]"));
    BarChart bars = small_bars();
    bars.bars[1].value = bad;
    CHECK_THROWS_WITH_AS(draw(bars), doctest::Contains("\"few\""), UsageError);
  }
  LineChart x = small_chart(), reference = small_chart();
  x.series[1].x[2] = not_finite;  // on a linear axis
  CHECK(contains(error_of(x), "series \"slow\": x[2] is nan"));
  reference.reference = Reference{not_finite, "base"};
  CHECK(contains(error_of(reference), "reference \"base\""));
  CHECK(error_of(small_chart()).empty());
}

TEST_CASE("chart: series of unequal lengths are refused by name") {
  LineChart chart = small_chart();
  chart.series[0].mean.pop_back();
  CHECK(contains(error_of(chart), "\"fast\": 5 x, but 4 values of mean"));
  chart = small_chart();
  chart.series[1].seeds[1].push_back(1);
  CHECK(contains(error_of(chart), "\"slow\""));
  chart = small_chart();
  chart.series[1].lo = chart.series[1].mean;
  CHECK(contains(error_of(chart), "\"slow\": a band needs both"));
  chart = small_chart();
  chart.series[0].x[1] = 0;
  CHECK(contains(error_of(chart), "\"fast\": x[1]"));
  chart.series.clear();
  CHECK(contains(error_of(chart), "no series"));
}

TEST_CASE("chart: a seed that stopped early is drawn as far as it went") {
  LineChart chart = small_chart();
  chart.series[1].seeds[1].resize(3);
  CHECK(lines_of(draw(chart), series_colour(1), 1).at(1).points.size() == 3);
}

TEST_CASE("chart: a reference line lies at its value and carries its label") {
  LineChart chart = small_chart();
  chart.reference = Reference{0.1, "base rate"};
  const DrawList list = draw(chart);
  std::vector<Polyline> dashed = all<Polyline>(list);
  std::erase_if(dashed, [](const Polyline& l) { return l.dash == 0; });
  REQUIRE(dashed.size() == 1);
  CHECK(dashed[0].points[0].y == doctest::Approx(lines_of(list, series_colour(0), 2.4).at(0).points[2].y));
  CHECK(text_of(list, "base rate").at.x > dashed[0].points[1].x);
}

TEST_CASE("chart: more series than colours differ by dashes") {
  LineChart chart = small_chart();
  for (int i = 0; i < 8; ++i) {
    chart.series.push_back(chart.series[0]);
    chart.series.back().label += std::to_string(i);
  }
  const auto lines = lines_of(draw(chart), series_colour(0), 2.4);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].dash == 0);
  CHECK(lines[1].dash > 0);
}

TEST_CASE("chart: bars are as long as their values and whiskers reach the interval") {
  BarChart chart = small_bars();
  chart.bars = {{"a", 0.1, 0.01, 1, {}}, {"b", 0.01, 0.01, 0.1, {}}};
  const DrawList list = draw(chart);
  const auto dots = all<Circle>(list);
  REQUIRE(dots.size() == 2);
  const auto a = lines_of(list, series_colour(0), 2), b = lines_of(list, series_colour(1), 2);
  REQUIRE(a.size() == 3);  // the whisker and its two ends
  CHECK(a[0].points[0].x == doctest::Approx(dots[1].centre.x));
  CHECK(b[0].points[1].x == doctest::Approx(dots[0].centre.x));
  CHECK(a[0].points[1].x - dots[0].centre.x == doctest::Approx(dots[0].centre.x - dots[1].centre.x));
  text_of(list, "10.0 %  (1.00–100)");
}

TEST_CASE("chart: a bar or interval that reaches zero ends in an arrow to the left") {
  const DrawList list = draw(small_bars());
  const auto marks = arrows(list);
  REQUIRE(marks.size() == 2);
  for (const Polygon& mark : marks)
    for (const Point& p : mark.points) CHECK(p.x >= mark.points[0].x);
  CHECK(all<Circle>(list).size() == 2);
  text_of(list, "0");
  text_of(list, "0 %  (0–0.0300)");
}

TEST_CASE("chart: a bar of zero has no body") {
  const DrawList list = draw(small_bars());
  std::vector<Polygon> bodies = all<Polygon>(list);
  std::erase_if(bodies, [](const Polygon& p) { return p.points.size() != 4 || p.alpha == 1; });
  CHECK(bodies.size() == 2);
}

TEST_CASE("chart: a bar outside its interval is refused by name") {
  BarChart chart = small_bars();
  chart.bars[0].hi = 0.01;
  CHECK_THROWS_WITH_AS(draw(chart), doctest::Contains("\"some\""), UsageError);
}

TEST_CASE("chart: a picture too small for its labels is refused") {
  LineChart chart = small_chart();
  chart.width = 150;
  CHECK(contains(error_of(chart), "no room"));
  BarChart bars = small_bars();
  bars.height = 120;
  CHECK_THROWS_WITH_AS(draw(bars), doctest::Contains("no room"), UsageError);
}
