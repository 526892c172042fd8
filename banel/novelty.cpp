#include "banel/novelty.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "tensor/parallel.h"

namespace banel {

namespace {

// The string between two marks: the first is a context for what follows, the second the character at the end.
std::string framed(const Attempt& x) { return '\0' + x + '\0'; }

}  // namespace

std::uint32_t StringDensity::longer(std::uint32_t word, char next) const {
  std::uint32_t child = words_[word].child;
  while (child != unknown && words_[child].last != next) child = words_[child].sibling;
  return child;
}

void StringDensity::count(const Attempt& x) {
  const std::string s = framed(x);
  for (std::size_t begin = 0; begin < s.size(); ++begin) {
    std::uint32_t word = empty;
    for (std::size_t i = begin; i < s.size() && i <= begin + order_; ++i) {
      const std::uint32_t context = std::exchange(word, longer(word, s[i]));
      if (word == unknown) {
        word = static_cast<std::uint32_t>(words_.size());
        words_.push_back({s[i], 0, unknown, words_[context].child});
        words_[context].child = word;
      }
      if (i > 0) ++words_[word].count;  // the first mark is never predicted
    }
    if (begin > 0) ++words_[empty].count;
  }
}

double StringDensity::log_prob(const Attempt& x, const StringDensity* also) const {
  const std::string s = framed(x);
  std::vector<double> p(s.size(), 1.0 / 256);  // of s[i]
  // The words of k characters that begin at each place of s, in this density and in `also`.
  std::vector<std::uint32_t> here(s.size(), empty), there(s.size(), empty);
  const auto count = [&](std::size_t begin) {
    return counted(here[begin]) + (also ? also->counted(there[begin]) : 0);
  };
  for (std::size_t k = 0; k <= order_ && k < s.size(); ++k)
    for (std::size_t begin = 0, i = k; i < s.size(); ++begin, ++i) {
      const double context = count(begin);
      here[begin] = longer(here[begin], s[i]);
      if (also) there[begin] = also->longer(there[begin], s[i]);
      p[i] = (count(begin) + p[i]) / (context + 1);
    }
  double nats = 0;
  for (std::size_t i = 1; i < s.size(); ++i) nats += std::log(p[i]);  // s[0] is not predicted
  return nats;
}

std::vector<double> PseudoCounts::bonus(std::span<const Attempt> attempts) {
  std::vector<double> bonuses;
  for (const Attempt& x : attempts) {
    check_stop();
    StringDensity own(density_.order());
    own.count(x);
    const double gain = std::max(0.0, density_.log_prob(x, &own) - density_.log_prob(x));
    bonuses.push_back(std::sqrt(std::expm1(c_ * gain / std::sqrt(visits_ + 1))));
  }
  return bonuses;
}

std::vector<double> PseudoCounts::visit(std::span<const Attempt> attempts, Stream) {
  std::vector<double> bonuses;
  for (const Attempt& x : attempts) {
    bonuses.push_back(bonus({&x, 1})[0]);
    density_.count(x);
    ++visits_;
  }
  return bonuses;
}

}  // namespace banel
