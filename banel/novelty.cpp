#include "banel/novelty.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace banel {

namespace {

// Start and end of a string are characters, too: as context, and as what follows.
std::string framed(const Attempt& x) { return '\0' + x + '\0'; }

}  // namespace

double StringDensity::log_prob(const Attempt& x) const {
  const std::string s = framed(x);
  double nats = 0;
  for (std::size_t i = 1; i < s.size(); ++i) {
    double p = 1.0 / 256;
    const Context* context = &empty_;
    for (std::size_t begin = i;;) {
      const auto next = context->next.find(s[i]);
      p = ((next == context->next.end() ? 0 : next->second) + p) / (context->total + 1);
      if (begin == 0 || i - begin == order_) break;
      const auto longer = context->longer.find(s[--begin]);
      if (longer == context->longer.end()) break;
      context = longer->second.get();
    }
    nats += std::log(p);
  }
  return nats;
}

void StringDensity::count(const Attempt& x, double times) {
  const std::string s = framed(x);
  for (std::size_t i = 1; i < s.size(); ++i) {
    Context* context = &empty_;
    for (std::size_t begin = i;;) {
      context->total += times;
      context->next[s[i]] += times;
      if (begin == 0 || i - begin == order_) break;
      const auto longer = context->longer.try_emplace(s[--begin]).first;
      if (!longer->second) longer->second = std::make_unique<Context>();
      if (longer->second->total + times == 0) {  // what is taken back leaves nothing behind
        context->longer.erase(longer);
        break;
      }
      context = longer->second.get();
    }
  }
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
