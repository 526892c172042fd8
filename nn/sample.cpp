#include "nn/sample.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <map>
#include <memory>
#include <numeric>
#include <tuple>
#include <utility>

#include "nn/decoder.h"
#include "tensor/check.h"
#include "tensor/kernels/kernels.h"
#include "tensor/kernels/simd.h"

namespace banel {

namespace {

// The strings of one call while they are drawn, each with its own random numbers.
class Drawing {
 public:
  Drawing(std::size_t count, int vocabulary, const SampleSettings& settings, Stream random)
      : vocabulary_(vocabulary), settings_(settings) {
    strings_.reserve(count);
    for (std::size_t i = 0; i < count; ++i) strings_.push_back({random[i], {}});
  }

  // What the next token is drawn from: the same for all strings that have read the same tokens.
  struct Distribution {
    const real *logits, *p;  // p: after temperature and top-k
    int last;                // the largest token of which p is not 0
    real log_sum;            // log of the sum of exp(logits)
  };
  // Valid until this thread's next call.
  Distribution distribution(const real* logits) const {
    thread_local Reals p;
    p.assign(logits, logits + vocabulary_);
    p.resize(static_cast<std::size_t>(simd::round_up(vocabulary_)));
    const real log_sum = kernels::softmax(p.data(), vocabulary_, p.data()).log_sum();
    if (settings_.temperature != 1) {
      for (int v = 0; v < vocabulary_; ++v)
        p[static_cast<std::size_t>(v)] = logits[v] / static_cast<real>(settings_.temperature);
      kernels::softmax(p.data(), vocabulary_, p.data());
    }
    const bool all = settings_.top_k == 0 || settings_.top_k >= vocabulary_;
    return {logits, p.data(), all ? vocabulary_ - 1 : keep_top_k(logits, p), log_sum};
  }

  // Adds a token to string i.
  int draw(std::size_t i, const Distribution& from) {
    auto& [rng, string] = strings_[i];
    double u = rng.uniform();
    int token = 0;
    while (token < from.last && u >= static_cast<double>(from.p[token]))
      u -= static_cast<double>(from.p[token++]);
    string.tokens.push_back(token);
    string.log_prob += static_cast<double>(from.logits[token] - from.log_sum);
    return token;
  }

  std::size_t count() const { return strings_.size(); }
  std::vector<Sampled> results() && {
    std::vector<Sampled> all;
    all.reserve(strings_.size());
    for (String& s : strings_) all.push_back(std::move(s.drawn));
    return all;
  }

 private:
  // p <- 0 but for the k most likely tokens, whose sum becomes 1. Returns the largest of these tokens.
  int keep_top_k(const real* logits, Reals& p) const {
    thread_local std::vector<int> order;
    order.resize(static_cast<std::size_t>(vocabulary_));
    std::iota(order.begin(), order.end(), 0);
    const auto k = order.begin() + settings_.top_k;
    std::nth_element(order.begin(), k, order.end(),
                     [&](int a, int b) { return logits[a] != logits[b] ? logits[a] > logits[b] : a < b; });
    for (auto token = k; token != order.end(); ++token) p[static_cast<std::size_t>(*token)] = 0;
    real total = 0;
    for (const real x : p) total += x;
    for (real& x : p) x /= total;
    return *std::max_element(order.begin(), k);
  }

  struct alignas(cache_line) String {  // not in one cache line with another thread's string
    Rng rng;
    Sampled drawn;
  };
  std::vector<String> strings_;
  int vocabulary_;
  const SampleSettings& settings_;
};

// A text that has been read -> the strings that begin with it.
using Prefixes = std::map<Sequence, std::vector<std::size_t>>;

// Draws the first tokens of all strings, for as long as strings that share a prefix would fill a group of the
// decoder, and returns the prefixes of the strings that go on.
Prefixes sample_shared_prefixes(Drawing& drawing, const GPT& model, const SampleSettings& settings) {
  const std::size_t together = Decoder::group_size(model);
  const auto context = static_cast<std::size_t>(model.config().context);
  Decoder decoder("sample", model);
  std::vector<std::size_t> all(drawing.count());
  std::iota(all.begin(), all.end(), 0);
  Prefixes prefixes{{settings.prompt, all}};
  while (!prefixes.empty() && prefixes.size() * together < all.size()) {
    Prefixes longer;
    std::vector<Sequence> texts;
    for (const auto& [text, strings] : prefixes) texts.push_back(text);
    for (std::size_t first = 0; first < texts.size(); first += together) {
      const auto group = std::span(texts).subspan(first, std::min(together, texts.size() - first));
      decoder.run(group, [&](std::size_t g, const real* logits) -> std::optional<int> {
        Sequence text = group[g];
        text.push_back(0);
        check_stop();
        const Drawing::Distribution distribution = drawing.distribution(logits);
        for (std::size_t i : prefixes.at(group[g])) {
          text.back() = drawing.draw(i, distribution);
          if (text.back() != settings.stop && text.size() <= context) longer[text].push_back(i);
        }
        return std::nullopt;  // every prefix is read for one token
      });
    }
    prefixes.swap(longer);
  }
  return prefixes;
}

std::vector<Sampled> sample_block(const GPT& model, std::size_t count, const SampleSettings& settings,
                                  Stream random, ProgressCount& progress) {
  Drawing drawing(count, model.config().vocabulary, settings, random);
  std::vector<Sequence> prompts;
  std::vector<std::size_t> order;
  for (const auto& [text, strings] : sample_shared_prefixes(drawing, model, settings)) {
    prompts.insert(prompts.end(), strings.size(), text);
    order.insert(order.end(), strings.begin(), strings.end());
  }
  progress.add(count - order.size());
  const auto decoder = [&] { return std::make_unique<Decoder>("sample", model); };
  parallel_for_groups(
      order.size(), Decoder::group_size(model), decoder, [&](std::size_t first, std::size_t used, auto& own) {
        own->run(std::span(prompts).subspan(first, used),
                 [&](std::size_t i, const real* logits) -> std::optional<int> {
                   const int token = drawing.draw(order[first + i], drawing.distribution(logits));
                   return token == settings.stop ? std::nullopt : std::optional(token);
                 });
        progress.add(used);
      });
  return std::move(drawing).results();
}

void check_prompt(const char* caller, const Sequence& prompt, const GPT& model) {
  ENSURE(!prompt.empty() && static_cast<int>(prompt.size()) <= model.config().context, caller,
         "a prompt of " << prompt.size() << " tokens; expected 1.." << model.config().context);
}

}  // namespace

std::vector<Sampled> sample(const GPT& model, std::size_t count, const SampleSettings& settings,
                            Stream random, const OnProgress& strings_done) {
  ENSURE(settings.temperature >= 1e-6 && std::isfinite(settings.temperature), "sample",
         "temperature = " << settings.temperature << "; give a finite number of at least 1e-6");
  ENSURE(settings.top_k >= 0, "sample", "top_k = " << settings.top_k << " must be 0 (all tokens) or above");
  check_prompt("sample", settings.prompt, model);
  // Strings of one block share prefixes: many, so that there is much to share, but few enough that a request
  // to stop is noticed between blocks.
  constexpr std::size_t block = 1 << 14;
  ProgressCount progress(strings_done, count);
  std::vector<Sampled> result;
  for (std::size_t first = 0; first < count; first += block) {
    std::vector<Sampled> more =
        sample_block(model, std::min(block, count - first), settings, random.from(first), progress);
    std::move(more.begin(), more.end(), std::back_inserter(result));
  }
  return result;
}

std::vector<Sequence> greedy(const GPT& model, std::span<const Sequence> prompts, int stop,
                             const OnProgress& prompts_done) {
  const int vocabulary = model.config().vocabulary;
  for (const Sequence& prompt : prompts) check_prompt("greedy", prompt, model);
  // By length, so that the strings of a group end together, then by text, so that neighbours share prefixes.
  std::vector<std::size_t> order(prompts.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const std::size_t length_a = prompts[a].size(), length_b = prompts[b].size();
    return std::tie(length_a, prompts[a], a) < std::tie(length_b, prompts[b], b);
  });
  std::vector<Sequence> answers(prompts.size());
  ProgressCount progress(prompts_done, prompts.size());
  const auto decoder = [&] { return std::make_unique<Decoder>("greedy", model); };
  parallel_for_groups(prompts.size(), Decoder::group_size(model), decoder,
                      [&](std::size_t first, std::size_t used, auto& own) {
                        std::vector<Sequence> group;
                        for (std::size_t i = first; i < first + used; ++i) group.push_back(prompts[order[i]]);
                        own->run(group, [&](std::size_t i, const real* logits) -> std::optional<int> {
                          const int token =
                              static_cast<int>(std::max_element(logits, logits + vocabulary) - logits);
                          answers[order[first + i]].push_back(token);
                          return token == stop ? std::nullopt : std::optional(token);
                        });
                        progress.add(used);
                      });
  return answers;
}

}  // namespace banel
