// A problem made in a second, for tests of attacks: strings like "12+7=", rewarded if 3 divides the sum, and
// a prior that is a small GPT with mistakes of its own. Both verdicts, invalid strings and repetitions occur
// in every attack.
#pragma once
#include <string>
#include <vector>

#include "nn/train.h"
#include "tasks/model/gpt_generator.h"
#include "tasks/task.h"
#include "tensor/hash.h"

namespace banel::tiny {

inline const Language& language() {
  static const Language strings{Alphabet("0123456789+=\n"), "\n", '='};
  return strings;
}

// digits + digits =, one or two digits each.
inline Attempt random_string(Rng& rng) {
  Attempt x = std::to_string(rng.below(rng.below(2) ? 100 : 10));
  x += '+' + std::to_string(rng.below(rng.below(2) ? 100 : 10)) + '=';
  return x;
}

inline GptGenerator made_prior(std::uint64_t seed) {
  std::vector<Example> examples;
  for (std::size_t i = 0; i < 2000; ++i) {
    Rng rng = Stream{seed, "tiny data"}[i];
    examples.push_back({.tokens = language().alphabet.encode('\n' + random_string(rng))});
  }
  GPT model({language().alphabet.size(), 6, 16, 1, 2}, Rng(seed, "tiny prior"));
  fit(model, examples, {.epochs = 5, .batch = 64, .rate = 1e-2}, {seed, "tiny order"});
  return {std::move(model), language()};
}

class TinyTask : public Task {
 public:
  explicit TinyTask(int divisor = 3) : divisor_(divisor) {}

  std::string title() const override { return "sums that " + std::to_string(divisor_) + " divides"; }
  void open(const std::filesystem::path&, Access, ProgressMode) override {}
  std::string fingerprint() const override {
    return hex(fnv1a(prior().state(), fnv1a(std::to_string(divisor_))));
  }
  const Generator& prior() const override {
    static const GptGenerator made = made_prior(7);
    return made;
  }

  // The sum of a valid string; nothing for any other one.
  static std::optional<int> sum(const Attempt& x) {
    const std::size_t plus = x.find('+');
    if (plus == 0 || plus == x.npos || x.size() < plus + 3 || x.back() != '=') return std::nullopt;
    const std::string a = x.substr(0, plus), b = x.substr(plus + 1, x.size() - plus - 2);
    for (const std::string& operand : {a, b})
      if (operand.size() > 2 || operand.find_first_not_of("0123456789") != operand.npos) return std::nullopt;
    return std::stoi(a) + std::stoi(b);
  }

  Judge judge() const override {
    return [divisor = divisor_](std::span<const Attempt> attempts) {
      std::vector<Verdict> verdicts;
      for (const Attempt& x : attempts) {
        const auto s = sum(x);
        verdicts.push_back(
            {s ? std::to_string(*s) : "", s && *s % divisor == 0 ? Reward::success : Reward::failure});
      }
      return verdicts;
    };
  }

  std::vector<TaskScreen> screens() const override {
    const auto by = [](auto passes) {
      return [passes](std::span<const Attempt> attempts) {
        std::vector<bool> result;
        for (const Attempt& x : attempts) result.push_back(passes(sum(x)));
        return result;
      };
    };
    return {{"syntax", false, by([](std::optional<int> s) { return s.has_value(); })},
            {"no-fives", true, by([](std::optional<int> s) { return s && *s % 5 != 0; })}};
  }

  std::vector<std::string> modes() const override { return {"even", "odd"}; }
  std::size_t mode(const Attempt& x, const Verdict&) const override {
    return static_cast<std::size_t>(*sum(x) % 2);
  }
  std::map<std::string, bool> also(const Attempt& x, const Verdict&) const override {
    return {{"zero", sum(x) == 0}};
  }
  std::string truth(const Attempt& x) const override {
    return "3 divides " + std::to_string(sum(x).value_or(-1));
  }

 private:
  int divisor_;
};

}  // namespace banel::tiny
