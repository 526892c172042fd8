// A program as oracle, in a few lines: its verdicts waver, each has a kind, some attempts cannot be judged,
// and every verdict costs, so there are no readings and nobody may ask twice.
#pragma once
#include "tasks/task.h"
#include "tests/support/tiny/toy_generator.h"

namespace banel {

class ProgramTask : public Task {
 public:
  std::string title() const override { return "words that a program crashes on, now and then"; }
  void open(const std::filesystem::path&, Access, ProgressMode) override {}
  std::string fingerprint() const override { return "program 1"; }
  const Generator& prior() const override { return prior_; }
  bool repeatable() const override { return false; }
  std::size_t reading_samples() const override { return 0; }

  Judge judge() const override {
    return [this](std::span<const Attempt> attempts) {
      std::vector<Verdict> verdicts;
      for (const Attempt& x : attempts) {
        const std::size_t moment = ++*calls, word = ToyGenerator::number(x);
        if (moment % 7 == 0)
          verdicts.push_back({"", Reward::unjudged, "timeout"});
        else if (word % 5 == 0 && moment % 2 == 0)  // a crash that comes and goes
          verdicts.push_back({"signal 11", Reward::success, "crash"});
        else
          verdicts.push_back({"exit 0", Reward::failure, "ran"});
      }
      return verdicts;
    };
  }

  const std::shared_ptr<std::size_t> calls =
      std::make_shared<std::size_t>(0);  // what the world was billed for

 private:
  ToyGenerator prior_{48};
};

}  // namespace banel
