#include <doctest/doctest.h>

#include <string>

#include "nn/io/file.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny/toy_run.h"

namespace banel {
namespace {

TEST_CASE("a run resumed after any number of rounds equals one that was not interrupted") {
  for_all_variants([](bool screened, Memory memory) {
    const TemporaryFolder folder;
    const Settings settings = toy_settings(screened, memory);
    constexpr std::int64_t budget = 40;
    const auto go = [&](State& state, Oracle& oracle, auto after_round) {
      Banel learner(ratio_score());
      run(state, oracle, settings, learner, all_may_succeed, 9, after_round);
    };
    ToyJudge judge;
    Oracle oracle(judge.judge(), budget, folder.path / "whole.jsonl");
    State whole{std::make_unique<ToyGenerator>(toy_words)};
    go(whole, oracle, go_on);
    REQUIRE(whole.rounds >= 3);
    for (std::size_t stop = 1; stop < whole.rounds; ++stop) {
      CAPTURE(stop);
      const auto ledger = folder.path / (std::to_string(stop) + ".jsonl");
      ToyJudge again;
      State saved;
      LedgerMark mark;
      {  // killed: the round after `stop` is evaluated but never saved
        Oracle interrupted(again.judge(), budget, ledger);
        State state{std::make_unique<ToyGenerator>(toy_words)};
        go(state, interrupted, [&](const State& now, const Round&) {
          if (now.rounds > stop) return false;
          saved = {now.theta->with_state(now.theta->state(), "saved"), now.regions, now.rounds};
          mark = interrupted.mark();
          return true;
        });
      }
      REQUIRE(saved.rounds == stop);
      Oracle resumed(again.judge(), budget, ledger, mark);
      go(saved, resumed, go_on);
      CHECK(saved.rounds == whole.rounds);
      CHECK(probabilities(*saved.theta) == probabilities(*whole.theta));
      REQUIRE(saved.regions.size() == whole.regions.size());
      for (std::size_t i = 0; i < saved.regions.size(); ++i)
        CHECK(saved.regions[i].tau == whole.regions[i].tau);
      CHECK(again.total == judge.total);  // the interrupted round was not paid again
      CHECK(read_file(ledger) == read_file(folder.path / "whole.jsonl"));
    }
  });
}

}  // namespace
}  // namespace banel
