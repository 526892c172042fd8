#include "nn/sample.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <iterator>
#include <map>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>

#include "tensor/check.h"
#include "tensor/kernels.h"
#include "tensor/parallel.h"
#include "tensor/simd.h"

namespace banel {

namespace {

constexpr std::size_t read_together = 32;  // strings

// Strings fed through the network together: few, so that their cache stays near, unless the products are so
// wide that they copy the weights every time.
std::size_t decoded_together(const GPT& model) { return model.config().d_model < 128 ? 32 : 64; }

// Weights that grew without bound write NaN, from which nothing may be drawn.
void check_finite(const char* caller, int position, const real* logits, int vocabulary) {
  const bool finite = std::all_of(logits, logits + vocabulary, [](real x) { return std::isfinite(x); });
  if (!finite)
    throw std::runtime_error(std::string(caller) + ": NaN or infinity in the logits at position " +
                             std::to_string(position) + "; train again with a lower --rate");
}

// body(first, count, workspace) for groups of at most `size` strings in parallel; all groups of a thread
// share one workspace, whose memory is then touched for the first time only once.
template <class Workspace, class Body>
void each_group(std::size_t strings, std::size_t size, Workspace workspace, Body body) {
  const std::size_t groups = (strings + size - 1) / size;
  std::atomic<std::size_t> next = 0;
  parallel_for(std::min(groups, static_cast<std::size_t>(threads())), [&](std::size_t) {
    std::size_t g = next++;
    if (g >= groups) return;
    auto own = workspace();
    for (; g < groups; g = next++) {
      check_stop();
      body(g * size, std::min(size, strings - g * size), own);
    }
  });
}

// Feeds up to decoded_together(model) strings through the network one position at a time until all have
// ended. Strings that have read the same tokens so far are one row: it is computed once.
class Decoder {
 public:
  Decoder(const char* caller, const GPT& model)
      : caller_(caller), model_(model), cache_(model.make_cache(static_cast<int>(decoded_together(model)))) {}

  // String i begins with prompts[i]; then next(i, t, logits) -> its token after position t, or nothing if it
  // has ended.
  template <class Next>
  void run(std::span<const Sequence> prompts, Next next) {
    const int vocabulary = model_.config().vocabulary, context = model_.config().context;
    GPT& reader = const_cast<GPT&>(
        model_);  // tensors have no const form; a tape with Record::no never writes to its leaves
    alive_.clear();
    for (std::size_t i = 0; i < prompts.size(); ++i) alive_.push_back({i, prompts[i][0], 0});
    slots_.assign(1, 0);
    for (int t = 0; t < context && !alive_.empty(); ++t) {
      const auto past_prompt = [&](const String& s) {
        return static_cast<std::size_t>(t) + 1 >= prompts[s.number].size();
      };
      to_rows(t);
      wanted_.clear();
      for (const String& s : alive_)
        if (past_prompt(s) && (wanted_.empty() || wanted_.back() != s.row)) wanted_.push_back(s.row);
      tape_.reset();
      const Tensor logits = model_.logits(Weights(tape_, reader.parameters, nullptr),
                                          {tokens_, positions_, {}, {}, slots_, wanted_}, cache_);
      const auto ended = [&](String& s) {
        std::optional<int> token;
        if (past_prompt(s)) {
          const auto place = std::lower_bound(wanted_.begin(), wanted_.end(), s.row) - wanted_.begin();
          const real* row = logits.data() + place * vocabulary;
          check_finite(caller_, t, row, vocabulary);
          token = next(s.number, t, row);
        } else {
          token = prompts[s.number][static_cast<std::size_t>(t) + 1];
        }
        s.token = token.value_or(0);
        return !token;
      };
      std::erase_if(alive_, ended);
    }
  }

 private:
  struct String {
    std::size_t number;
    int token;  // to be read next
    int row;    // of the last step
  };

  // The rows that read position t, in the order of their tokens so far. The keys and values of a row stand in
  // the slot of its first string; where strings part, the first of each branch needs a copy of its own.
  void to_rows(int t) {
    std::stable_sort(alive_.begin(), alive_.end(), [](const String& a, const String& b) {
      return std::pair(a.row, a.token) < std::pair(b.row, b.token);
    });
    parents_.swap(slots_);
    slots_.clear();
    tokens_.clear();
    std::pair<int, int> last(-1, -1);
    for (String& s : alive_) {
      if (const std::pair here(s.row, s.token); here != last) {
        last = here;
        tokens_.push_back(s.token);
        slots_.push_back(static_cast<int>(s.number));
        for (KeyValueCache& layer : cache_)
          layer.copy(parents_[static_cast<std::size_t>(s.row)], slots_.back(), t);
      }
      s.row = static_cast<int>(slots_.size()) - 1;
    }
    positions_.assign(tokens_.size(), t);
  }

  const char* caller_;
  const GPT& model_;
  std::vector<KeyValueCache> cache_;
  std::vector<String> alive_;
  std::vector<int> tokens_, positions_, slots_, parents_;  // of the rows; parents_: slots of the last step
  std::vector<int> wanted_;                                // rows whose next token is not given
  Tape tape_{Record::no};
};

// Strings that are being drawn, each with random numbers of its own.
class Drawing {
 public:
  Drawing(std::size_t count, int vocabulary, double temperature, Stream random)
      : vocabulary_(vocabulary), temperature_(temperature) {
    strings_.reserve(count);
    for (std::size_t i = 0; i < count; ++i) strings_.push_back({random[i], {}});
  }

  struct Next {  // what a token is drawn from, for all strings that read the same
    const real *logits, *p;
    real log_sum;  // log of the sum of exp(logits)
  };
  // Valid until this thread's next call.
  Next next(const real* logits) const {
    thread_local Reals p;
    p.assign(logits, logits + vocabulary_);
    p.resize(static_cast<std::size_t>(simd::round_up(vocabulary_)));
    const real log_sum = kernels::softmax(p.data(), vocabulary_, p.data()).log_sum();
    if (temperature_ != 1) {
      for (int v = 0; v < vocabulary_; ++v)
        p[static_cast<std::size_t>(v)] = logits[v] / static_cast<real>(temperature_);
      kernels::softmax(p.data(), vocabulary_, p.data());
    }
    return {logits, p.data(), log_sum};
  }

  // Adds a token to string i.
  int draw(std::size_t i, const Next& next) {
    auto& [rng, string] = strings_[i];
    double u = rng.uniform();
    int token = 0;
    while (token + 1 < vocabulary_ && u >= static_cast<double>(next.p[token]))
      u -= static_cast<double>(next.p[token++]);
    string.tokens.push_back(token);
    string.log_prob += static_cast<double>(next.logits[token] - next.log_sum);
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
  struct alignas(cache_line) String {  // in cache lines of its own: its neighbours belong to other threads
    Rng rng;
    Sampled drawn;
  };
  std::vector<String> strings_;
  int vocabulary_;
  double temperature_;
};

// Draws the first tokens of all strings, as many as it takes until strings that began alike fill no group any
// more: what is read so far -> the strings that go on from there.
std::map<Sequence, std::vector<std::size_t>> begun(Drawing& drawing, const GPT& model, int begin, int stop) {
  const std::size_t together = decoded_together(model),
                    context = static_cast<std::size_t>(model.config().context);
  Decoder decoder("sample", model);
  std::vector<std::size_t> all(drawing.count());
  std::iota(all.begin(), all.end(), 0);
  std::map<Sequence, std::vector<std::size_t>> now{{{begin}, all}};
  while (!now.empty() && now.size() * together < all.size()) {
    std::map<Sequence, std::vector<std::size_t>> longer;
    std::vector<Sequence> texts;
    for (const auto& [text, strings] : now) texts.push_back(text);
    for (std::size_t first = 0; first < texts.size(); first += together) {
      const auto group = std::span(texts).subspan(first, std::min(together, texts.size() - first));
      decoder.run(group, [&](std::size_t g, int, const real* logits) -> std::optional<int> {
        Sequence text = group[g];
        text.push_back(0);
        check_stop();
        const Drawing::Next next = drawing.next(logits);
        for (std::size_t i : now.at(group[g])) {
          text.back() = drawing.draw(i, next);
          if (text.back() != stop && text.size() <= context) longer[text].push_back(i);
        }
        return std::nullopt;
      });
    }
    now.swap(longer);
  }
  return now;
}

std::vector<Sampled> sample_block(const GPT& model, std::size_t count, int begin, int stop,
                                  double temperature, Stream random) {
  const std::size_t together = decoded_together(model);
  const auto decoder = [&] { return std::make_unique<Decoder>("sample", model); };
  Drawing drawing(count, model.config().vocabulary, temperature, random);
  std::vector<Sequence> prompts;
  std::vector<std::size_t> order;
  for (const auto& [text, strings] : begun(drawing, model, begin, stop)) {
    prompts.insert(prompts.end(), strings.size(), text);
    order.insert(order.end(), strings.begin(), strings.end());
  }
  each_group(order.size(), together, decoder, [&](std::size_t first, std::size_t used, auto& own) {
    own->run(std::span(prompts).subspan(first, used),
             [&](std::size_t i, int, const real* logits) -> std::optional<int> {
               const int token = drawing.draw(order[first + i], drawing.next(logits));
               return token == stop ? std::nullopt : std::optional(token);
             });
  });
  return std::move(drawing).results();
}

}  // namespace

std::vector<Sampled> sample(const GPT& model, std::size_t count, int begin, int stop, double temperature,
                            Stream random) {
  ENSURE(temperature > 0, "sample", "temperature = " << temperature << " must be above 0");
  // Strings drawn together: many, so that they begin alike, but so few that Ctrl-C is heard between them.
  constexpr std::size_t block = 1 << 14;
  std::vector<Sampled> result;
  for (std::size_t first = 0; first < count; first += block) {
    std::vector<Sampled> more =
        sample_block(model, std::min(block, count - first), begin, stop, temperature, random.from(first));
    std::move(more.begin(), more.end(), std::back_inserter(result));
  }
  return result;
}

std::vector<Sequence> greedy(const GPT& model, std::span<const Sequence> prompts, int stop) {
  const int vocabulary = model.config().vocabulary;
  std::vector<Sequence> answers(prompts.size());
  const auto decoder = [&] { return std::make_unique<Decoder>("greedy", model); };
  // By length, so that the strings of a group end together, then by text: neighbours begin alike.
  std::vector<std::size_t> order(prompts.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const std::size_t length_a = prompts[a].size(), length_b = prompts[b].size();
    return std::tie(length_a, prompts[a], a) < std::tie(length_b, prompts[b], b);
  });
  each_group(
      prompts.size(), decoded_together(model), decoder, [&](std::size_t first, std::size_t used, auto& own) {
        std::vector<Sequence> group;
        for (std::size_t i = first; i < first + used; ++i) {
          const Sequence& prompt = prompts[order[i]];
          ENSURE(!prompt.empty() && static_cast<int>(prompt.size()) <= model.config().context, "greedy",
                 "a prompt of " << prompt.size() << " tokens; expected 1.." << model.config().context);
          group.push_back(prompt);
        }
        own->run(group, [&](std::size_t i, int, const real* logits) -> std::optional<int> {
          const int token = static_cast<int>(std::max_element(logits, logits + vocabulary) - logits);
          answers[order[first + i]].push_back(token);
          return token == stop ? std::nullopt : std::optional(token);
        });
      });
  return answers;
}

std::vector<double> log_likelihood(const GPT& model, std::span<const Sequence> sequences) {
  const int vocabulary = model.config().vocabulary;
  GPT& reader = const_cast<GPT&>(model);
  std::vector<double> result(sequences.size());
  Batch batch;
  for (const Sequence& sequence : sequences) {
    ENSURE(sequence.size() >= 2, "log_likelihood",
           "a sequence of " << sequence.size() << " tokens; expected 2 or more");
    batch.add({.tokens = sequence});
  }
  std::vector<std::size_t> order;
  sort_strings(batch, order);
  struct Workspace {
    Shard shard;
    std::vector<real> log_sums;
    Tape tape{Record::no};
  };
  const auto workspace = [] { return std::make_unique<Workspace>(); };
  each_group(order.size(), read_together, workspace, [&](std::size_t first, std::size_t used, auto& own) {
    auto& [shard, log_sums, tape] = *own;
    Reals p(static_cast<std::size_t>(simd::round_up(vocabulary)));
    for (std::span<const std::size_t> strings = std::span(order).subspan(first, used); !strings.empty();) {
      const std::size_t count = next_shard(batch, strings, shard);
      tape.reset();
      const Tensor logits = model.logits(Weights(tape, reader.parameters, nullptr), shard.rows());
      log_sums.clear();  // of the rows, each once however many strings share it
      for (std::size_t n = 0; n < shard.wanted.size(); ++n) {
        const real* row = logits.data() + static_cast<Index>(n) * vocabulary;
        check_finite("log_likelihood", shard.positions[static_cast<std::size_t>(shard.wanted[n])], row,
                     vocabulary);
        std::copy_n(row, vocabulary, p.data());
        log_sums.push_back(kernels::softmax(p.data(), vocabulary, p.data()).log_sum());
      }
      auto place = shard.places.begin();
      auto target = shard.targets.begin();
      for (std::size_t b : strings.first(count))
        for (std::size_t t = 0; t < batch.text(b).size(); ++t, ++place)
          result[b] += static_cast<double>(logits.data()[*place * vocabulary + *target++] -
                                           log_sums[static_cast<std::size_t>(*place)]);
      strings = strings.subspan(count);
    }
  });
  return result;
}

}  // namespace banel
