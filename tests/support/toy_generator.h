// TabularGenerator over the words w0, w1, ..., uneven and none at 0, that shows what it is fitted to.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "banel/tabular.h"

namespace banel {

class ToyGenerator : public TabularGenerator {
 public:
  // What fit() is given, for tests to look at: called with the attempts and the purpose ("phi", "distil", "scout fit", ...).
  using Watch = std::function<void(std::span<const Attempt>, std::string_view purpose)>;

  explicit ToyGenerator(std::size_t n, Watch watch = {}, double inertia = 20) : TabularGenerator(names(n), uneven(n), inertia), watch_(std::move(watch)) {}

  static Attempt word(std::size_t i) { return std::string("w").append(std::to_string(i)); }

  double fit(std::span<const Attempt> attempts, int epochs, Stream order) override {
    if (watch_) watch_(attempts, order.purpose);
    return TabularGenerator::fit(attempts, epochs, order);
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

}  // namespace banel
