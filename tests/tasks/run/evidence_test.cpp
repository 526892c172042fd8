// What the methods of the registry train on.
#include <doctest/doctest.h>

#include <set>

#include "tests/support/tiny/tiny_attack.h"

namespace banel {
namespace {

struct Trained {
  std::set<Attempt> rewarded;  // so far, in evaluations that were paid
  std::size_t strings = 0, of_rewarded = 0;
};

// A network that notes which of the strings it is trained on were rewarded before.
class WatchedGpt : public GptGenerator {
 public:
  WatchedGpt(const GptGenerator& gpt, std::shared_ptr<Trained> trained)
      : GptGenerator(gpt), trained_(std::move(trained)) {}
  double fit(std::span<const Attempt> x, const Fit& how, Stream order) override {
    return note(x), GptGenerator::fit(x, how, order);
  }
  double ascend(std::span<const Attempt> x, std::span<const double> w, const Fit& how,
                Stream order) override {
    return note(x), GptGenerator::ascend(x, w, how, order);
  }
  double unlearn(std::span<const Attempt> x, const Fit& how, Stream order) override {
    return note(x), GptGenerator::unlearn(x, how, order);
  }
  std::unique_ptr<Generator> clone() const override { return std::make_unique<WatchedGpt>(*this); }

 private:
  void note(std::span<const Attempt> x) {
    for (const Attempt& text : x)
      ++trained_->strings, trained_->of_rewarded += trained_->rewarded.contains(text);
  }
  std::shared_ptr<Trained> trained_;
};

class WatchedTask : public tiny::TinyTask {
 public:
  const Generator& prior() const override { return prior_; }
  Judge judge() const override {
    return [judge = TinyTask::judge(), trained = trained](std::span<const Attempt> x) {
      const std::vector<Verdict> verdicts = judge(x);
      for (std::size_t i = 0; i < x.size(); ++i)
        if (verdicts[i].reward == Reward::success) trained->rewarded.insert(x[i]);
      return verdicts;
    };
  }
  const std::shared_ptr<Trained> trained = std::make_shared<Trained>();

 private:
  WatchedGpt prior_{as_gpt(tiny::task().prior(), "test"), trained};
};

TEST_CASE("the methods that declare it train on rewarded strings and no others do") {
  for (const Method& known : built_in_methods()) {
    CAPTURE(known.name);
    const WatchedTask task;
    const TemporaryFolder folder;
    const Method m = tiny::method(known.name, task);
    tiny::attack(folder.path, m, -1, task, {.seed = 3, .samples = 0});  // readings judge nothing
    CHECK((task.trained->strings > 0) != tiny::learns_nothing(known));
    CHECK((task.trained->of_rewarded > 0) == known.trains_on_rewarded);
  }
}

}  // namespace
}  // namespace banel
