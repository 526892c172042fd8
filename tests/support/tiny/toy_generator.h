// What the tests of the method share: a TabularGenerator over the words w0, w1, ... that shows what it is
// fitted to, and judges and screens made from a predicate.
#pragma once
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "banel/banel.h"
#include "banel/generators/tabular.h"

namespace banel {

class ToyGenerator : public TabularGenerator {
 public:
  // Called by fit() with its strings and the purpose of its stream ("phi", "distil", "scout fit", ...).
  using Watch = std::function<void(std::span<const Attempt>, std::string_view purpose)>;

  // n words with uneven probabilities, none of them 0.
  explicit ToyGenerator(std::size_t n, Watch watch = {}, double inertia = 20)
      : TabularGenerator(names(n), uneven(n), inertia), watch_(std::move(watch)) {}

  static Attempt word(std::size_t i) { return std::string("w").append(std::to_string(i)); }
  static std::size_t number(const Attempt& word) { return std::stoul(word.substr(1)); }

  double fit(std::span<const Attempt> attempts, const Fit& how, Stream order) override {
    if (watch_) watch_(attempts, order.purpose);
    return TabularGenerator::fit(attempts, how, order);
  }

  std::unique_ptr<Generator> clone() const override { return std::make_unique<ToyGenerator>(*this); }

 private:
  static std::vector<Attempt> names(std::size_t n) {
    std::vector<Attempt> result;
    for (std::size_t i = 0; i < n; ++i) result.push_back(word(i));
    return result;
  }
  static std::vector<double> uneven(std::size_t n) {
    std::vector<double> result;
    for (std::size_t i = 0; i < n; ++i) result.push_back(1 + static_cast<double>(i * i % 7));
    return result;
  }

  Watch watch_;
};

inline const std::vector<double>& probabilities(const Generator& toy) {
  return dynamic_cast<const TabularGenerator&>(toy).probabilities();
}

inline Reward reward_if(bool success) { return success ? Reward::success : Reward::failure; }

using Predicate = std::function<bool(const Attempt&)>;

inline Judge judge_by(Predicate success) {
  return [success = std::move(success)](std::span<const Attempt> attempts) {
    std::vector<Verdict> verdicts;
    for (const Attempt& x : attempts) verdicts.push_back({"", reward_if(success(x))});
    return verdicts;
  };
}

inline Screen screen_by(Predicate passes) {
  return [passes = std::move(passes)](std::span<const Attempt> attempts) {
    std::vector<bool> result;
    for (const Attempt& x : attempts) result.push_back(passes(x));
    return result;
  };
}

inline const Screen all_may_succeed = screen_by([](const Attempt&) { return true; });

// For run(): goes on after each round.
inline bool go_on(const State&, const Round&) { return true; }

}  // namespace banel
