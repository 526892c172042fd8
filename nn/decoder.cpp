#include "nn/decoder.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace banel {

void check_finite(const char* caller, int position, const real* logits, int vocabulary) {
  const bool finite = std::all_of(logits, logits + vocabulary, [](real x) { return std::isfinite(x); });
  if (!finite)
    throw std::runtime_error(std::string(caller) + ": NaN or infinity in the logits at position " +
                             std::to_string(position) + "; train again with a lower --rate");
}

// Few, so that their cache of keys and values stays near. A wide network reads more: its products copy the
// weights every time, which then pays for more rows.
std::size_t Decoder::group_size(const GPT& model) { return model.config().d_model < 128 ? 32 : 64; }

Decoder::Decoder(const char* caller, const GPT& model)
    : caller_(caller), model_(model), cache_(model.make_cache(static_cast<int>(group_size(model)))) {}

void Decoder::run(std::span<const Sequence> prompts, const Next& next) {
  const int vocabulary = model_.config().vocabulary, context = model_.config().context;
  alive_.clear();
  for (std::size_t i = 0; i < prompts.size(); ++i) alive_.push_back({i, prompts[i][0], 0});
  slots_.assign(1, 0);
  for (int t = 0; t < context && !alive_.empty(); ++t) {
    const auto next_position = static_cast<std::size_t>(t) + 1;
    const auto past_prompt = [&](const String& s) { return next_position >= prompts[s.number].size(); };
    make_rows(t);
    output_rows_.clear();
    for (const String& s : alive_)
      if (past_prompt(s) && (output_rows_.empty() || output_rows_.back() != s.row))
        output_rows_.push_back(s.row);
    const Tensor all = logits();
    const auto ended = [&](String& s) {
      std::optional<int> token;
      if (past_prompt(s)) {
        const auto row = std::lower_bound(output_rows_.begin(), output_rows_.end(), s.row);
        const real* x = all.data() + (row - output_rows_.begin()) * vocabulary;
        check_finite(caller_, t, x, vocabulary);
        token = next(s.number, x);
      } else {
        token = prompts[s.number][next_position];
      }
      s.token = token.value_or(0);
      return !token;
    };
    std::erase_if(alive_, ended);
  }
}

// One row for each different text of t + 1 tokens, in the order of these. The keys and values of a row are in
// the slot of its first string; where strings part, the first string of each branch takes a copy into its own
// slot.
void Decoder::make_rows(int t) {
  std::stable_sort(alive_.begin(), alive_.end(), [](const String& a, const String& b) {
    return std::pair(a.row, a.token) < std::pair(b.row, b.token);
  });
  parent_slots_.swap(slots_);
  slots_.clear();
  tokens_.clear();
  std::pair<int, int> last(-1, -1);
  for (String& s : alive_) {
    if (const std::pair here(s.row, s.token); here != last) {
      last = here;
      tokens_.push_back(s.token);
      slots_.push_back(static_cast<int>(s.number));
      for (KeyValueCache& layer : cache_)
        layer.copy(parent_slots_[static_cast<std::size_t>(s.row)], slots_.back(), t);
    }
    s.row = static_cast<int>(slots_.size()) - 1;
  }
  positions_.assign(tokens_.size(), t);
}

Tensor Decoder::logits() {
  tape_.reset();
  return model_.logits(Weights(tape_, model_.parameters), {tokens_, positions_, {}, {}, slots_, output_rows_},
                       cache_);
}

}  // namespace banel
