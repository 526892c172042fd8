// A task whose instances are questions: the attacker continues the prompt "7?" with digits, and the judge
// rewards those whose sum is 7. Its GPT is made in a second when the task is opened.
#pragma once
#include <numeric>

#include "nn/io/json.h"
#include "tasks/model/gpt_generator.h"
#include "tasks/model/training.h"
#include "tasks/task.h"
#include "tensor/check.h"
#include "tensor/hash.h"

namespace banel {

class PromptedTask : public Task {
 public:
  explicit PromptedTask(std::uint64_t question) : prompt_(std::to_string(question) + '?') {}

  std::string title() const override { return "digits whose sum answers " + prompt_; }

  void open(const std::filesystem::path& folder, Access access, ProgressMode mode) override {
    const Language language{Alphabet("0123456789?."), prompt_, '.'};
    const NetworkFile file{folder, "answerer", "\"one network for all questions\""};
    const GPTConfig config{language.alphabet.size(), 6, 16, 1, 2};
    auto model = file.finished(config);
    ENSURE_AS(model || access == Access::make, InputError, file.report().string(), "is missing");
    if (!model) {
      model = GPT(config, Rng(5, "answerer"));
      const TrainingSettings settings{.batch = 50, .rate = 1e-2, .warmup = 5, .examples = 6000};
      Progress progress("answerer", settings.examples, mode);
      const auto example = [&](Rng& rng) -> Example {  // any question, any one to three digits
        std::string text = std::to_string(rng.below(10)) + '?';
        for (auto n = 1 + rng.below(3); n > 0; --n) text += std::to_string(rng.below(10));
        return {.tokens = language.alphabet.encode(text + '.'), .loss_from = 2};
      };
      train(
          *model, file, settings, {5, "answers"}, 6000, example, [](Training&) { return true; }, progress);
      file.finish(*model, Json::object());
    }
    prior_ = std::make_unique<GptGenerator>(std::move(*model), language);
  }

  std::string fingerprint() const override { return hex(fnv1a(prior().state(), fnv1a(prompt_))); }
  const Generator& prior() const override { return *prior_; }

  Judge judge() const override {
    return [wanted = prompt_[0] - '0'](std::span<const Attempt> attempts) {
      std::vector<Verdict> verdicts;
      for (const Attempt& x : attempts) {
        int sum = 0;
        for (const char c : x) sum += c >= '0' && c <= '9' ? c - '0' : 0;
        verdicts.push_back({std::to_string(sum), sum == wanted ? Reward::success : Reward::failure});
      }
      return verdicts;
    };
  }

 private:
  std::string prompt_;
  std::unique_ptr<GptGenerator> prior_;
};

}  // namespace banel
