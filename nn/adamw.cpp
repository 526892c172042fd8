#include "nn/adamw.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tensor/check.h"

namespace banel {

double Schedule::at(std::int64_t step) const {
  if (step < warmup) return peak * static_cast<double>(step + 1) / static_cast<double>(warmup);
  if (total <= warmup) return peak;
  const double done = std::min(1.0, static_cast<double>(step - warmup) / static_cast<double>(total - warmup));
  return peak * (floor + (1 - floor) * 0.5 * (1 + std::cos(std::numbers::pi * done)));
}

AdamW::AdamW(const Parameters& parameters, const AdamWSettings& settings)
    : settings_(settings),
      decay_(parameters.values.size()),
      state_{Reals(decay_.size()), Reals(decay_.size())} {
  for (const Slice& slice : parameters.slices())
    if (slice.shape.rank == 2)
      std::fill(decay_.begin() + static_cast<std::ptrdiff_t>(slice.offset),
                decay_.begin() + static_cast<std::ptrdiff_t>(slice.end()),
                static_cast<real>(settings.weight_decay));
  ranges_.push_back({0, decay_.size()});
  if (!settings.muon) return;
  muon_.emplace(parameters);
  for (const Slice& slice : muon_->slices()) {
    ranges_.back().end = slice.offset;
    ranges_.push_back({slice.end(), decay_.size()});
  }
}

real AdamW::clip(double norm) const {
  return static_cast<real>(std::min(1.0, settings_.max_norm / (norm + 1e-6)));
}

void AdamW::restore(State state) {
  ENSURE(state.m.size() == decay_.size() && state.v.size() == decay_.size() && state.steps >= 0, "AdamW",
         "a state of " << state.m.size() << " numbers and " << state.steps << " steps for " << decay_.size()
                       << " weights; restore that of the same network");
  state_ = std::move(state);
}

void AdamW::update(Parameters& parameters, const real* gradients, double norm, double rate, std::size_t begin,
                   std::size_t end) {
  const auto t = static_cast<double>(state_.steps);
  const real scale = clip(norm);
  const real b1 = static_cast<real>(settings_.beta1), b2 = static_cast<real>(settings_.beta2);
  const real m_scale = static_cast<real>(rate / (1 - std::pow(settings_.beta1, t)));
  const real v_scale = static_cast<real>(1 / (1 - std::pow(settings_.beta2, t)));
  const real lr = static_cast<real>(rate), epsilon = static_cast<real>(settings_.epsilon);
  real *w = parameters.values.data(), *m = state_.m.data(), *v = state_.v.data(), *decay = decay_.data();
  for (const Range& range : ranges_)
    for (std::size_t i = std::max(begin, range.begin); i < std::min(end, range.end); ++i) {
      const real g = gradients[i] * scale;
      m[i] = b1 * m[i] + (1 - b1) * g;
      v[i] = b2 * v[i] + (1 - b2) * g * g;
      w[i] -= lr * decay[i] * w[i] + m_scale * m[i] / (std::sqrt(v[i] * v_scale) + epsilon);
    }
}

void AdamW::update_matrix(std::size_t matrix, Parameters& parameters, const real* gradients, double norm,
                          double rate) {
  muon_->update(matrix, parameters.values.data(), gradients, clip(norm), static_cast<real>(rate),
                static_cast<real>(settings_.weight_decay), state_.m.data());
}

}  // namespace banel
