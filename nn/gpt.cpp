#include "nn/gpt.h"

#include <cmath>

#include "tensor/check.h"
#include "tensor/kernels/kernels.h"
#include "tensor/parallel.h"

namespace banel {

LayerNorm::LayerNorm(Parameters& p, const std::string& name, int width)
    : gain(p.add(name + ".gain", {width})), bias(p.add(name + ".bias", {width})) {}

Linear::Linear(Parameters& p, const std::string& name, int inputs, int outputs)
    : weight(p.add(name + ".weight", {inputs, outputs})), bias(p.add(name + ".bias", {outputs})) {}

SelfAttention::SelfAttention(Parameters& p, const std::string& block, int width)
    : qkv(p, block + ".qkv", width, 3 * width), out(p, block + ".attention_out", width, width) {}

Mlp::Mlp(Parameters& p, const std::string& block, int width)
    : in(p, block + ".mlp_in", width, 4 * width), out(p, block + ".mlp_out", 4 * width, width) {}

Block::Block(Parameters& p, const std::string& name, int width)
    : norm1(p, name + ".norm1", width),
      attention(p, name, width),
      norm2(p, name + ".norm2", width),
      mlp(p, name, width) {}

namespace {

const GPTConfig& validated(const GPTConfig& c) {
  const auto in_range = [](const char* name, int value, int lo, int hi) {
    ENSURE(value >= lo && value <= hi, "GPT", name << " = " << value << " is outside " << lo << ".." << hi);
  };
  in_range("vocabulary", c.vocabulary, 2, 1 << 16);
  in_range("context", c.context, 1, kernels::max_context);
  in_range("d_model", c.d_model, 1, 4096);
  in_range("layers", c.layers, 1, 64);
  in_range("heads", c.heads, 1, c.d_model);
  ENSURE(c.d_model % c.heads == 0, "GPT",
         "d_model = " << c.d_model << " is not divisible by heads = " << c.heads << "; choose one that is");
  ENSURE(
      c.d_model / c.heads <= kernels::max_head, "GPT",
      "d_model / heads = " << c.d_model / c.heads << "; a head is at most " << kernels::max_head << " wide");
  return c;
}

// Room for the blocks and what follows them: otherwise each slice of a large network copies all before it.
void make_room(Parameters& p, const GPTConfig& c) {
  const auto d = static_cast<std::size_t>(c.d_model), vocabulary = static_cast<std::size_t>(c.vocabulary);
  constexpr std::size_t padding = cache_line / sizeof(real), slices_of_block = 12, slices_after = 4;
  const std::size_t block = 12 * d * d + 13 * d + slices_of_block * padding;
  p.values.reserve(p.values.size() + static_cast<std::size_t>(c.layers) * block + 2 * d +
                   (d + 1) * vocabulary + slices_after * padding);
}

std::vector<Block> make_blocks(Parameters& p, const GPTConfig& c) {
  make_room(p, c);
  std::vector<Block> blocks;
  for (int l = 0; l < c.layers; ++l) blocks.emplace_back(p, "block" + std::to_string(l), c.d_model);
  return blocks;
}

}  // namespace

GPT::GPT(const GPTConfig& config, Rng rng)
    : config_(validated(config)),
      token_embedding_(parameters.add("token_embedding", {config.vocabulary, config.d_model})),
      position_embedding_(parameters.add("position_embedding", {config.context, config.d_model})),
      blocks_(make_blocks(parameters, config)),
      final_norm_(parameters, "final_norm", config.d_model),
      head_(parameters, "head", config.d_model, config.vocabulary) {
  initialise(rng);
}

// Weights of linear layers: N(0, 1/inputs), and N(0, 1/(2 layers inputs)) where they write to the residual
// stream (Radford et al. 2019). Gains 1, biases 0, token embeddings N(0, 0.5^2). Positions are learned but
// start as sinusoids (Vaswani et al. 2017): from small random ones the addition task needs many times more
// examples.
void GPT::initialise(Rng rng) {
  const auto normal = [&](std::size_t number, double deviation) {
    check_stop();
    real* x = parameters.data(number);
    for (Index i = 0; i < parameters[number].shape.size(); ++i)
      x[i] = static_cast<real>(deviation * rng.normal());
  };
  const auto linear = [&](const Linear& layer, double gain) {
    normal(layer.weight, gain / std::sqrt(static_cast<double>(parameters[layer.weight].shape[0])));
  };
  const auto ones = [&](const LayerNorm& norm) {
    for (Index i = 0; i < config_.d_model; ++i) parameters.data(norm.gain)[i] = 1;
  };
  normal(token_embedding_, 0.5);
  const double base = 100, amplitude = 0.5;
  for (int t = 0; t < config_.context; ++t)
    for (int d = 0; d < config_.d_model; ++d) {
      const double angle = t * std::pow(base, -1.0 * (d - d % 2) / config_.d_model);
      parameters.data(position_embedding_)[t * config_.d_model + d] =
          static_cast<real>(amplitude * (d % 2 ? std::cos(angle) : std::sin(angle)));
    }
  const double residual = 1 / std::sqrt(2.0 * config_.layers);
  for (const Block& block : blocks_) {
    ones(block.norm1);
    linear(block.attention.qkv, 1);
    linear(block.attention.out, residual);
    ones(block.norm2);
    linear(block.mlp.in, 1);
    linear(block.mlp.out, residual);
  }
  ones(final_norm_);
  linear(head_, 1);
}

template <class Attend>
Tensor GPT::blocks(const Weights& w, const Rows& rows, Attend attend) const {
  Tensor x =
      add(embedding(w[token_embedding_], rows.tokens), embedding(w[position_embedding_], rows.positions));
  const bool all = !rows.output_rows || rows.output_rows->size() == rows.tokens.size();
  for (std::size_t l = 0; l < blocks_.size(); ++l) {
    check_stop();  // a layer of a large network takes a second
    const auto attend_here = [&](const Tensor& qkv) { return attend(qkv, l); };
    // The last block needs no other rows than those of the output; before it, every row is read by later
    // ones.
    const bool last = l + 1 == blocks_.size();
    x = blocks_[l](w, x, attend_here, last && !all ? rows.output_rows : std::nullopt);
  }
  return final_norm_(w, x);
}

Tensor GPT::hidden(const Weights& w, const Rows& rows) const {
  return blocks(w, rows, [&](const Tensor& qkv, std::size_t) {
    return attention(qkv, config_.heads, rows.offsets, rows.shared);
  });
}

Tensor GPT::logits(const Weights& w, const Rows& rows) const { return head_(w, hidden(w, rows)); }

Tensor GPT::logits(const Weights& w, const Rows& rows, std::vector<KeyValueCache>& layers) const {
  const int t = rows.positions.empty() ? 0 : rows.positions[0];
  for (int position : rows.positions)
    ENSURE(
        position == t, "GPT",
        "positions " << t << " and " << position << " in one step; all strings must be at the same position");
  return head_(w, blocks(w, rows, [&](const Tensor& qkv, std::size_t l) {
                 return attention_step(qkv, layers[l], rows.slots, t);
               }));
}

std::vector<KeyValueCache> GPT::make_cache(int slots) const {
  std::vector<KeyValueCache> layers;
  layers.reserve(blocks_.size());
  while (layers.size() < blocks_.size())
    layers.emplace_back(slots, config_.heads, config_.d_model, config_.context);
  return layers;
}

double GPT::flops_per_token() const {
  const double d = config_.d_model;
  return 2 * (12 * d * d * config_.layers + d * config_.vocabulary);
}

}  // namespace banel
