#include "banel/novelty.h"

#include <algorithm>
#include <cmath>

namespace banel {

// body(character, the `order_` characters before it) for each character of x and its end, shown as NUL.
template <class Body>
void StringDensity::each_character(const Attempt& x, Body body) const {
  for (std::size_t i = 0; i <= x.size(); ++i) {
    const std::size_t begin = i > order_ ? i - order_ : 0;
    std::string before = x.substr(begin, i - begin);
    if (i < order_) before.insert(0, 1, '\0');  // the start of the string is a context of its own
    body(i < x.size() ? x[i] : '\0', before);
  }
}

double StringDensity::log_prob(const Attempt& x) const {
  double nats = 0;
  each_character(x, [&](char c, const std::string& before) {
    double p = 1.0 / 256;
    for (std::size_t length = 0; length <= before.size(); ++length) {
      const auto context = contexts_.find(before.substr(before.size() - length));
      if (context == contexts_.end()) break;  // a longer one was not seen either
      const auto next = context->second.next.find(c);
      p = ((next == context->second.next.end() ? 0 : next->second) + p) / (context->second.total + 1);
    }
    nats += std::log(p);
  });
  return nats;
}

void StringDensity::count(const Attempt& x, double times) {
  each_character(x, [&](char c, const std::string& before) {
    for (std::size_t length = 0; length <= before.size(); ++length) {
      const auto context = contexts_.try_emplace(before.substr(before.size() - length)).first;
      context->second.total += times;
      context->second.next[c] += times;
      if (context->second.total == 0) contexts_.erase(context);  // what is taken back leaves nothing behind
    }
  });
}

double PseudoCounts::visited(const Attempt& x) {
  const double before = density_.log_prob(x);
  density_.count(x);
  const double gain = std::max(0.0, density_.log_prob(x) - before);
  return std::sqrt(std::expm1(c_ * gain / std::sqrt(visits_ + 1)));
}

std::vector<double> PseudoCounts::visit(std::span<const Attempt> attempts, Stream) {
  std::vector<double> bonuses;
  for (const Attempt& x : attempts) {
    bonuses.push_back(visited(x));
    ++visits_;
  }
  return bonuses;
}

std::vector<double> PseudoCounts::bonus(std::span<const Attempt> attempts) {
  std::vector<double> bonuses;
  for (const Attempt& x : attempts) {
    bonuses.push_back(visited(x));
    density_.count(x, -1);
  }
  return bonuses;
}

}  // namespace banel
