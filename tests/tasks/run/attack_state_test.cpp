#include "tasks/run/attack_state.h"

#include <doctest/doctest.h>

#include "tensor/check.h"

namespace banel {
namespace {

AttackProgress some_progress() { return {7, 12345, {1750, 0x00ab}, true, {{1, -3.25}, {0.5, 1e-300}}, {150, 20}, {50, 3}, {70, 2}, 9, 1, {48, 11}}; }

std::string refusal_of(const Metadata& metadata) {
  try {
    parse_progress(metadata, "run/attacker.safetensors");
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST_CASE("the progress of an attack survives its metadata") {
  const AttackProgress back = parse_progress(to_metadata(some_progress()), "memory");
  CHECK(back.rounds == 7);
  CHECK(back.metrics_bytes == 12345);
  CHECK(back.ledger.evaluations == 1750);
  CHECK(back.ledger.hash == 0xab);
  CHECK(back.finished);
  REQUIRE(back.regions.size() == 2);
  CHECK(back.regions[0].tau == -3.25);
  CHECK(back.regions[1].kappa == 0.5);
  CHECK(back.regions[1].tau == 1e-300);
  CHECK(back.best.strings == 150);
  CHECK(back.best.rewards == 20);
  CHECK(back.earlier.strings == 50);
  CHECK(back.earlier.rewards == 3);
  CHECK(back.since.strings == 70);
  CHECK(back.since.rewards == 2);
  CHECK(back.best_idle == 9);
  CHECK(back.best_asked == 1);
  CHECK(back.scouts.strings == 48);
  CHECK(back.scouts.rewards == 11);
  CHECK(to_metadata(back) == to_metadata(some_progress()));
}

TEST_CASE("metadata that is missing or not in its one form is refused by key") {
  const Metadata good = to_metadata(some_progress());
  for (const auto& entry : good) {
    const std::string& key = entry.first;
    Metadata metadata = good;
    metadata.erase(key);
    CAPTURE(key);
    CHECK(refusal_of(metadata).starts_with("run/attacker.safetensors: the metadata has no '" + key + "'"));
    CHECK(refusal_of(metadata).find('\n') == std::string::npos);
  }
  const auto refused = [&](const char* key, const std::vector<std::string>& values) {
    for (const std::string& value : values) {
      Metadata metadata = good;
      metadata[key] = value;
      const std::string message = refusal_of(metadata);
      CAPTURE(value);
      CAPTURE(message);
      CHECK(message.starts_with(std::string("run/attacker.safetensors: metadata '") + key + "'"));
      CHECK(message.find('\n') == message.npos);
    }
  };
  refused("best_rewards", {"151"});
  refused("earlier_rewards", {"51"});
  refused("since_rewards", {"71"});
  refused("best_asked", {"2"});
  refused("scout_rewards", {"49"});
  for (const char* key : {"rounds", "nre", "metrics_bytes", "best_strings", "best_rewards", "earlier_strings", "earlier_rewards", "since_strings", "since_rewards", "best_idle", "best_asked", "scout_strings", "scout_rewards"})
    refused(key, {"", "-1", "+1", " 1", "1 ", "01", "12abc", "abc", "1.0", "1e3", "0x10", "9007199254740993", "9223372036854775808", "18446744073709551616", "1\n"});
  refused("ledger_hash", {"", "ab", "00000000000000AB", "0x000000000000ab", "000000000000000ab", "-0000000000000ab", "000000000000000g", "00000000000000a\n"});
  refused("finished", {"", "YES", "true", "1", "yes "});
  refused("regions", {"", "{}", "null", "[1]", "[{}]", R"([{"kappa":1}])", R"([{"kappa":1,"tau":null}])", R"([{"kappa":"1","tau":1}])", R"([{"kappa":1,"tau":1e999}])",
                      R"([{"kappa":1,"tau":1,"tau":1}])", R"([{"kappa":NaN,"tau":1}])", "[{\"kappa\":1,\"tau\":1}", std::string(1'000'000, '[')});
}

TEST_CASE("a flipped bit in the metadata is refused or gives metadata of the same form") {
  const Metadata good = to_metadata(some_progress());
  int refused = 0, accepted = 0;
  for (const auto& [key, value] : good)
    for (std::size_t i = 0; i < value.size(); ++i)
      for (int bit = 0; bit < 8; ++bit) {
        Metadata flipped = good;
        flipped[key][i] = static_cast<char>(value[i] ^ (1 << bit));
        try {
          const Metadata back = to_metadata(parse_progress(flipped, "flipped"));
          ++accepted;
          if (key != "regions") CHECK(back == flipped);  // 1 may become 1.0 there
        } catch (const InputError&) {
          ++refused;
        }
      }
  CHECK(refused > accepted);
  CHECK(accepted > 0);
}

}  // namespace
}  // namespace banel
