#include "banel/generators/pool.h"

#include "tensor/check.h"
#include "tensor/parallel.h"

namespace banel {

PoolGenerator::PoolGenerator(const Generator& model, std::vector<Proposal> written)
    : model_(model.clone()), written_(std::make_shared<const std::vector<Proposal>>(std::move(written))) {
  ENSURE(!written_->empty(), "pool", "it holds no string; at least 1 is needed");
  auto known = std::make_shared<LogProb>();
  for (const Proposal& p : *written_) {
    check_stop();
    known->emplace(p.text, p.log_prob);
  }
  log_prob_ = std::move(known);
}

PoolGenerator::PoolGenerator(const PoolGenerator& other)
    : model_(other.model_->clone()), written_(other.written_), log_prob_(other.log_prob_) {}

std::vector<Proposal> PoolGenerator::sample(std::size_t n, Stream random) const {
  std::vector<Proposal> drawn;
  drawn.reserve(n);
  for (std::size_t i = 0; i < n; ++i) {
    check_stop();
    Rng rng = random[i];
    drawn.push_back((*written_)[rng.below(static_cast<std::uint32_t>(written_->size()))]);
  }
  return drawn;
}

std::vector<double> PoolGenerator::log_prob(std::span<const Attempt> attempts) const {
  std::vector<double> result(attempts.size());
  std::vector<Attempt> others;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < attempts.size(); ++i) {
    check_stop();
    const auto known = log_prob_->find(attempts[i]);
    if (known != log_prob_->end()) {
      result[i] = known->second;
    } else {
      others.push_back(attempts[i]);
      places.push_back(i);
    }
  }
  const std::vector<double> asked = model_->log_prob(others);
  for (std::size_t i = 0; i < asked.size(); ++i) result[places[i]] = asked[i];
  return result;
}

// All at once, because the last bits of a log-probability may depend on the other strings of a call.
void PoolGenerator::score_pool() {
  const std::vector<Attempt> strings = texts(*written_);
  const std::vector<double> log_p = model_->log_prob(strings);
  auto scored = std::make_shared<LogProb>();
  for (std::size_t i = 0; i < strings.size(); ++i) {
    check_stop();
    (*scored)[strings[i]] = log_p[i];
  }
  log_prob_ = std::move(scored);
}

double PoolGenerator::fit(std::span<const Attempt> strings, const Fit& fit, Stream order) {
  if (fit.epochs == 0 || strings.empty()) return 0;
  const double loss = model_->fit(strings, fit, order);
  score_pool();
  return loss;
}

double PoolGenerator::ascend(std::span<const Attempt> strings, std::span<const double> weights,
                             const Fit& fit, Stream order) {
  const double norm = model_->ascend(strings, weights, fit, order);
  score_pool();
  return norm;
}

double PoolGenerator::unlearn(std::span<const Attempt> strings, const Fit& fit, Stream order) {
  const double norm = model_->unlearn(strings, fit, order);
  score_pool();
  return norm;
}

std::unique_ptr<Generator> PoolGenerator::with_state(std::string_view bytes, std::string_view where) const {
  auto pool = std::make_unique<PoolGenerator>(*this);
  std::unique_ptr<Generator> model = model_->with_state(bytes, where);
  if (model->state() == model_->state()) return pool;  // with the probabilities it had when it wrote the pool
  pool->model_ = std::move(model);
  pool->score_pool();
  return pool;
}

}  // namespace banel
