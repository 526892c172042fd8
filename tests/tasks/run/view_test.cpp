#include "tasks/run/view.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "nn/io/file.h"
#include "tests/support/tiny/tiny_attack.h"

namespace banel {
namespace {

Evaluation paid_for(std::string attempt, Reward reward, std::string answer = "") {
  return {.attempt = std::move(attempt), .verdict = {std::move(answer), reward}};
}

RoundRecord measured(Rate success, Rate valid) {
  RoundRecord round;
  round.measured.emplace();
  round.measured->success = success;
  round.measured->valid = valid;
  return round;
}

// A success, 39 failures, 10 successes and a failure, of a budget of 320: ten evaluations are one cell.
std::vector<Evaluation> ledger() {
  std::vector<Evaluation> paid(40, paid_for("1+1=", Reward::failure, "2"));
  paid[0].verdict.reward = Reward::success;
  paid.insert(paid.end(), 10, paid_for("6666+0119=", Reward::success, "17785"));
  paid.push_back(paid_for("9+9=", Reward::failure, "18"));
  return paid;
}

TEST_CASE("the picture shows success by budget and the reading and the latest attempts") {
  const std::vector<RoundRecord> rounds{
      measured({1, 1000}, {900, 1000}), {}, measured({168, 1000}, {982, 1000}), {}};
  View view = view_of("addition, banel, seed 1", 320, true, ledger(), rounds);
  view.seconds_left = 130;
  CHECK(picture(view, 80) ==
        "addition, banel, seed 1\n"
        "\n"
        "evaluations  #####...........................  51 of 320, 2:10 to go\n"
        "success      ▂▁▁▁█▁                            10 of the last 50 succeeded\n"
        "reading      success 16.8 %, valid 98.2 %\n"
        "\n"
        "latest       9+9=  gets 18  failure\n"
        "           * 6666+0119=  gets 17785  success\n"
        "           * 6666+0119=  gets 17785  success\n"
        "           * 6666+0119=  gets 17785  success\n"
        "           * 6666+0119=  gets 17785  success\n");
}

TEST_CASE("the picture of an attack that begins or pays for nothing claims no verdict") {
  CHECK(picture(view_of("x", 100, true, {}, {}), 80) ==
        "x\n\nevaluations  ................................  0 of 100\n");
  const std::string silent = picture(view_of("x", 320, false, ledger(), {}), 80);
  CHECK(silent.find("failure") == silent.npos);
  CHECK(silent.find("gets") == silent.npos);
  CHECK(silent.find("of the last") == silent.npos);
  CHECK(silent.find("latest       9+9=\n") != silent.npos);
}

TEST_CASE("the picture never has more than 12 lines nor a line wider than the terminal") {
  std::vector<Evaluation> paid = ledger();
  paid.push_back(paid_for(std::string(300, 'x') + "\n\x1b[2J\xff", Reward::unjudged, std::string(300, 'y')));
  paid.back().verdict.kind = std::string(100, 'k') + "é";
  View view =
      view_of(std::string(200, 't') + "φ", 1'000'000'000, true, paid, std::vector{measured({1, 2}, {1, 2})});
  view.seconds_left = 1e9;
  for (const std::size_t columns : {20u, 79u, 200u}) {
    CAPTURE(columns);
    const std::string text = picture(view, columns);
    CHECK(std::count(text.begin(), text.end(), '\n') <= 12);
    CHECK(text.find('\x1b') == text.npos);
    std::size_t width = 0;
    for (const char c : text) {
      width = c == '\n' ? 0 : width + ((static_cast<unsigned char>(c) & 0xC0) != 0x80);
      CHECK(width <= columns);
    }
  }
}

TEST_CASE("a single success in a part of the budget can be told from none") {
  std::vector<Evaluation> paid(2000, paid_for("a", Reward::failure));
  paid[1500].verdict.reward = Reward::success;
  CHECK(picture(view_of("x", 32'000, true, paid, {}), 80).find("▁▂ ") != std::string::npos);
}

TEST_CASE("a reading that is known exactly is shown so and a verdict with its kind") {
  std::vector<RoundRecord> rounds{measured({168, 1000}, {982, 1000}), measured({0, 0}, {0, 0})};
  rounds[0].measured->exact = Estimate{0.25, 0.01};
  std::vector<Evaluation> paid{paid_for("1+1=", Reward::unjudged)};
  paid[0].verdict.kind = "timeout";
  const std::string text = picture(view_of("x", 320, true, paid, rounds), 80);
  CAPTURE(text);
  CHECK(text.find("reading      success 25.0 %, valid 98.2 %\n") != text.npos);  // not that of no samples
  CHECK(text.find("latest       1+1=  unjudged (timeout)\n") != text.npos);
}

TEST_CASE("each picture is drawn over the last one and a longer one leaves nothing behind") {
  std::string written;
  std::size_t rows = 24;
  const auto device = [&] {
    return ProgressDevice{[&](std::string_view text) { written += text; },
                          [] { return std::chrono::duration<double>(0); }, [] { return std::size_t{80}; },
                          [&] { return rows; }};
  };
  Live live(device());
  live.show(view_of("x", 320, true, ledger(), {}));
  CHECK(written.starts_with("\rx\x1b[K\n"));
  written.clear();
  live.show(view_of("x", 320, true, {}, {}));
  CHECK(written.starts_with("\x1b[10A\rx\x1b[K\n"));
  CHECK(written.ends_with("\x1b[J"));
  written.clear();
  live.erase();
  CHECK(written == "\x1b[3A\r\x1b[J");
  rows = 5;  // the cursor cannot go back further than the terminal is high
  live.show(view_of("x", 320, true, ledger(), {}));
  written.clear();
  live.erase();
  CHECK(written == "\x1b[4A\r\x1b[J");
}

TEST_CASE("an attack that is watched shows its ledger and rounds and leaves the same files") {
  const TemporaryFolder here;
  const Method m = tiny::method("banel");
  tiny::attack(here.path / "plain", m);
  std::vector<std::size_t> seen;
  run_attack(
      here.path / "watched", tiny::task(), m, tiny::attack_settings, [](std::int64_t) {},
      [&](std::span<const Evaluation> paid, std::span<const RoundRecord> rounds) {
        seen.push_back(paid.size());
        CHECK(rounds.size() == seen.size());
        CHECK(rounds.back().nre == std::ssize(paid));
        const std::vector<Evaluation> ledger =
            read_ledger(here.path / "watched" / "ledger.jsonl").evaluations;
        REQUIRE(ledger.size() == paid.size());
        CHECK(ledger.back().attempt == paid.back().attempt);
      });
  CHECK(seen == std::vector<std::size_t>{20, 40, 60});
  tiny::check_equal(tiny::files(here.path / "plain"), tiny::files(here.path / "watched"));
}

}  // namespace
}  // namespace banel
