#include "nn/batch.h"

#include <algorithm>
#include <numeric>

#include "tensor/blas.h"

namespace banel {

namespace {
constexpr int rows_per_shard = 160;  // about: their activations fit into a second-level cache
}  // namespace

void Batch::clear() {
  for (auto* v : {&tokens, &positions, &targets, &offsets}) v->clear();
  weights.clear();
}

void Batch::add(const Example& example) {
  if (offsets.empty()) offsets.push_back(0);
  const auto& t = example.tokens;
  for (std::size_t i = 0; i + 1 < t.size(); ++i) {
    tokens.push_back(t[i]);
    positions.push_back(static_cast<int>(i));
    targets.push_back(t[i + 1]);
    weights.push_back(static_cast<int>(i) + 1 >= example.loss_from ? static_cast<real>(example.weight) : 0);
  }
  offsets.push_back(static_cast<int>(tokens.size()));
}

void Batch::normalise() {
  const auto counted = std::count_if(weights.begin(), weights.end(), [](real w) { return w != 0; });
  for (real& w : weights) w /= static_cast<real>(std::max<std::ptrdiff_t>(1, counted));
}

std::span<const int> Batch::text(std::size_t b) const {
  const auto begin = static_cast<std::size_t>(offsets[b]), end = static_cast<std::size_t>(offsets[b + 1]);
  return std::span(tokens).subspan(begin, end - begin);
}

void sort_strings(const Batch& batch, std::vector<std::size_t>& strings) {
  strings.resize(batch.strings());
  std::iota(strings.begin(), strings.end(), 0);
  std::sort(strings.begin(), strings.end(), [&](std::size_t a, std::size_t b) {
    const auto order = std::lexicographical_compare_three_way(batch.text(a).begin(), batch.text(a).end(),
                                                              batch.text(b).begin(), batch.text(b).end());
    return order != 0 ? order < 0 : a < b;
  });
}

namespace {

// How many rows string strings[i] shares with the one before it.
int shared_rows(const Batch& batch, std::span<const std::size_t> strings, std::size_t i) {
  if (i == 0) return 0;
  const std::span<const int> before = batch.text(strings[i - 1]), text = batch.text(strings[i]);
  return static_cast<int>(std::ranges::mismatch(before, text).in2 - text.begin());
}

// Turns target_rows from rows of the shard into rows of the output, which are each of them once. If these are
// fewer than gemm needs to round a row alike wherever it stands, the last rows of the shard join them.
void set_output_rows(Shard& shard) {
  const std::size_t rows = shard.tokens.size();
  std::vector<int>& index = shard.output_index;
  index.assign(rows, -1);
  for (int row : shard.target_rows) index[static_cast<std::size_t>(row)] = 0;
  shard.output_rows.clear();
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t most_possible = shard.output_rows.size() + rows - row;
    if (index[row] < 0 && most_possible > std::size_t{min_gemm_rows}) continue;
    index[row] = static_cast<int>(shard.output_rows.size());
    shard.output_rows.push_back(static_cast<int>(row));
  }
  for (int& row : shard.target_rows) row = index[static_cast<std::size_t>(row)];
}

}  // namespace

std::size_t next_shard(const Batch& batch, std::span<const std::size_t> strings, Shard& shard) {
  int rows = 0;
  for (std::size_t i = 0; i < strings.size(); ++i)
    rows += static_cast<int>(batch.text(strings[i]).size()) - shared_rows(batch, strings, i);
  const int shards = std::max(1, (rows + rows_per_shard - 1) / rows_per_shard);
  const int enough = (rows + shards - 1) / shards;
  for (auto* v : {&shard.tokens, &shard.positions, &shard.shared, &shard.target_rows, &shard.targets})
    v->clear();
  shard.weights.clear();
  shard.offsets.assign(1, 0);
  std::vector<int>& row_at = shard.row_at;  // the shard's row for each position of the present string
  std::size_t i = 0;
  do {
    const std::span<const int> text = batch.text(strings[i]);
    const auto shared = static_cast<std::size_t>(shared_rows(batch, strings, i));
    row_at.resize(shared);
    for (std::size_t t = 0; t < text.size(); ++t) {
      if (t >= shared) {
        row_at.push_back(static_cast<int>(shard.tokens.size()));
        shard.tokens.push_back(text[t]);
        shard.positions.push_back(static_cast<int>(t));
      }
      const std::size_t n = static_cast<std::size_t>(batch.offsets[strings[i]]) + t;
      if (batch.weights[n] == 0) continue;
      shard.target_rows.push_back(row_at[t]);
      shard.targets.push_back(batch.targets[n]);
      shard.weights.push_back(batch.weights[n]);
    }
    shard.shared.push_back(static_cast<int>(shared));
    shard.offsets.push_back(static_cast<int>(shard.tokens.size()));
  } while (++i < strings.size() && shard.offsets.back() < enough);
  set_output_rows(shard);
  return i;
}

}  // namespace banel
