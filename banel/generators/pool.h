// A Generator that draws from strings which another one has already written: each draw is one of them, all
// with the same chance. Sampling then costs nothing, so Algorithm 1 can afford filters that let one string in
// hundreds pass. Whatever it learns, it goes on drawing these strings; its probabilities are those of the
// model inside.
//
//   PoolGenerator pool(prior, prior.sample(8000, {seed, "pool"}));
//   auto phi = pool.clone();  phi->fit(failures, {}, order);  phi->log_prob(texts(pool.sample(100, random)));
#pragma once
#include <unordered_map>

#include "banel/generator.h"

namespace banel {

class PoolGenerator : public Generator {
 public:
  // `written` by the model, with its log-probabilities. Errors: UsageError if there is none.
  PoolGenerator(const Generator& model, std::vector<Proposal> written);

  // With replacement. Their log_prob is that of the model that wrote them.
  std::vector<Proposal> sample(std::size_t n, Stream random) const override;
  std::vector<double> log_prob(std::span<const Attempt>) const override;
  double fit(std::span<const Attempt>, const Fit&, Stream order) override;
  double ascend(std::span<const Attempt>, std::span<const double> weights, const Fit&, Stream order) override;
  double unlearn(std::span<const Attempt>, const Fit&, Stream order) override;
  std::unique_ptr<Generator> clone() const override { return std::make_unique<PoolGenerator>(*this); }
  PoolGenerator(const PoolGenerator& other);

  // Of the model inside: a resumed run makes its pool again.
  std::string state() const override { return model_->state(); }
  std::string_view format() const override { return model_->format(); }
  std::unique_ptr<Generator> with_state(std::string_view bytes, std::string_view where) const override;
  void count_cost(std::shared_ptr<Cost> cost) override { model_->count_cost(std::move(cost)); }

 private:
  void score_pool();

  std::unique_ptr<Generator> model_;
  std::shared_ptr<const std::vector<Proposal>> written_;  // shared by all clones
  using LogProb = std::unordered_map<Attempt, double>;
  std::shared_ptr<const LogProb> log_prob_;  // of the strings of the pool, under model_
};

}  // namespace banel
