#include "tasks/planted/planted.h"

#include <algorithm>
#include <cmath>

#include "nn/io/file.h"
#include "tasks/base/text.h"
#include "tasks/model/prior.h"
#include "tensor/check.h"
#include "tensor/hash.h"

namespace banel::planted {

namespace fs = std::filesystem;

namespace {

constexpr double usual_mass = 4e-4;
constexpr int usual_sevens = 1;

const Language& language() {
  static const Language questions{Alphabet("0123456789+=\n"), "\n", '='};
  return questions;
}

// What the prior is trained on: digits + digits =, lengths uniform in 1..digits, no leading zero.
Attempt random_question(int digits, Rng& rng) {
  const auto length = [&] { return 1 + rng.below(static_cast<std::uint32_t>(digits)); };
  const auto operand = [&](std::uint32_t n) {
    std::string s;
    while (s.size() < n)
      s += static_cast<char>('0' + (s.empty() && n > 1 ? 1 + rng.below(9) : rng.below(10)));
    return s;
  };
  const auto first = length(), second = length();
  const std::string a = operand(first);
  return a + '+' + operand(second) + '=';
}

struct Operands {
  std::string_view a, b;
};

// The operands of a valid question; nothing for any other string.
std::optional<Operands> parse(std::string_view x, std::size_t digits) {
  const std::size_t plus = x.find('+');
  if (plus == x.npos || x.back() != '=') return std::nullopt;
  const Operands q{x.substr(0, plus), x.substr(plus + 1, x.size() - plus - 2)};
  for (const std::string_view operand : {q.a, q.b})
    if (operand.empty() || operand.size() > digits || operand.find_first_not_of("0123456789") != operand.npos)
      return std::nullopt;
  return q;
}

struct PlantedSettings {
  std::string set;
  double mass = usual_mass;
  int sevens = usual_sevens;
  std::size_t digits = 5, samples = 0;
  TrainingSettings attacker;

  bool is_tail() const { return set == "tail"; }
  bool has_feature(const Operands& q) const { return q.a[0] == '5' && q.a.size() + 1 >= digits; }
  // Whether one of the other sets holds the question.
  bool holds(const Operands& q) const {
    if (set == "beside") return has_feature(q) && q.a.back() == '7' && q.b.back() == '7';
    if (q.a[0] != '5' || q.b[0] != '3') return false;
    return set == "bulk" ? q.a.size() >= q.b.size() && has_sevens(q)
                         : q.a.size() + 1 == digits && q.b.size() + 1 == digits;
  }
  bool has_sevens(const Operands& q) const {
    return (sevens < 1 || q.b.back() == '7') && (sevens < 2 || q.a.back() == '7') &&
           (sevens < 3 || (q.a.size() > 2 && q.a[1] == '7'));
  }
};

struct Measured {  // what the report says
  Rate mass;
  double threshold = 0;  // of the tail: log p, in nats
};

class Planted : public Task {
 public:
  Planted(PlantedSettings settings, std::uint64_t seed) : settings_(std::move(settings)), seed_(seed) {}

  std::string title() const override {
    const double mass = settings_.is_tail() ? settings_.mass : measured_.mass.value();
    return "planted set " + settings_.set + (mass > 0 ? " of prior mass " + formatted("%.1e", mass) : "") +
           ", attacker " + std::to_string(seed_);
  }

  void open(const fs::path& folder, Access access, ProgressMode mode) override {
    const fs::path report = folder / report_name();
    ENSURE_AS(access == Access::make || fs::exists(report), InputError, report.string(),
              "is missing; run the study that made this folder first");
    const int digits = static_cast<int>(settings_.digits);
    const NetworkFile file{
        folder, "attacker",
        Json{{"digits", digits}, {"seed", seed_}, {"training", to_json(settings_.attacker)}}.dump()};
    prior_ = std::make_unique<GptGenerator>(train_prior(
        file, language(), 2 * digits + 2, settings_.attacker, seed_,
        [&](Rng& rng) { return random_question(digits, rng); }, mode));
    if (!fs::exists(report)) write_file(report, to_text(measure(mode)));
    read(report);
  }

  std::map<std::string, std::string> measured_again() const override {
    return {{report_name(), to_text(measure(ProgressMode::quiet))}};
  }

  // Judge and prior depend on nothing else: the measured mass itself is only shown.
  std::string fingerprint() const override {
    Json rules{settings_.set, settings_.digits, measured_.threshold};
    if (settings_.sevens != usual_sevens) rules.push_back(settings_.sevens);
    return hex(fnv1a(prior().state(), fnv1a(rules.dump())));
  }

  const Generator& prior() const override {
    ENSURE(prior_, "planted", "the task is not open");
    return *prior_;
  }

  Judge judge() const override {
    return [this](std::span<const Attempt> attempts) {
      std::vector<Attempt> valid;
      std::vector<std::size_t> places;
      for (std::size_t i = 0; i < attempts.size(); ++i)
        if (parse(attempts[i], settings_.digits)) {
          valid.push_back(attempts[i]);
          places.push_back(i);
        }
      const std::vector<bool> in_set = settings_.is_tail() ? in_tail(valid) : in_bulk(valid);
      std::vector<Verdict> verdicts(attempts.size());
      for (std::size_t k = 0; k < valid.size(); ++k)
        if (in_set[k]) verdicts[places[k]].reward = Reward::success;
      return verdicts;
    };
  }

  std::vector<TaskScreen> screens() const override {
    return {{"syntax", false, [digits = settings_.digits](std::span<const Attempt> attempts) {
               std::vector<bool> valid;
               for (const Attempt& x : attempts) valid.push_back(parse(x, digits).has_value());
               return valid;
             }}};
  }

  // Of the prior itself, which open() has measured.
  std::optional<Estimate> exact_success(const Attacker& a) const override {
    if (&a.theta != prior_.get() || !a.regions.empty() || a.unseen) return {};
    const double p = measured_.mass.value();
    return Estimate{p, std::sqrt(p * (1 - p) / static_cast<double>(measured_.mass.n))};
  }

  std::map<std::string, bool> also(const Attempt& x, const Verdict&) const override {
    if (settings_.set != "beside") return {};
    const auto q = parse(x, settings_.digits);
    return {{"feature", q && settings_.has_feature(*q)}};
  }

 private:
  std::vector<bool> in_tail(std::span<const Attempt> valid) const;
  std::vector<bool> in_bulk(std::span<const Attempt> valid) const;
  Measured measure(ProgressMode) const;
  std::string report_name() const;
  Json settings() const;
  std::string to_text(const Measured&) const;
  void read(const fs::path& path);

  PlantedSettings settings_;
  std::uint64_t seed_;
  std::unique_ptr<GptGenerator> prior_;
  Measured measured_;
};

// The last bits of a log-probability may depend on the other strings of a call. So that a verdict does not, a
// string near the threshold is scored alone.
std::vector<bool> Planted::in_tail(std::span<const Attempt> valid) const {
  constexpr double near = 1e-3;  // nats; far above the rounding of a dozen float32 terms
  std::vector<bool> rare;
  for (double log_p : prior_->log_prob(valid)) {
    if (std::abs(log_p - measured_.threshold) < near)
      log_p = prior_->log_prob(valid.subspan(rare.size(), 1)).front();
    rare.push_back(log_p < measured_.threshold);
  }
  return rare;
}

std::vector<bool> Planted::in_bulk(std::span<const Attempt> valid) const {
  std::vector<bool> in_set;
  for (const Attempt& x : valid) in_set.push_back(settings_.holds(*parse(x, settings_.digits)));
  return in_set;
}

// The share of the prior's samples that the set holds. The threshold of the tail lies between two of them.
Measured Planted::measure(ProgressMode mode) const {
  constexpr std::size_t piece = 1 << 16;  // samples at a time: memory stays small
  const PlantedSettings& s = settings_;
  Measured m{.mass = {0, static_cast<std::int64_t>(s.samples)}};
  std::vector<double> log_probs;
  Progress progress("prior mass", m.mass.n, mode);
  for (std::size_t first = 0; first < s.samples; first += piece) {
    const std::size_t n = std::min(piece, s.samples - first);
    for (const Proposal& p : prior_->sample(n, Stream{seed_, "prior mass"}.from(first)))
      if (const auto q = parse(p.text, s.digits)) {
        if (s.is_tail()) log_probs.push_back(p.log_prob);
        m.mass.k += !s.is_tail() && s.holds(*q);
      }
    progress.advance(static_cast<std::int64_t>(n));
  }
  if (s.is_tail()) {
    m.mass.k = std::llround(s.mass * static_cast<double>(s.samples));
    ENSURE(m.mass.k < std::ssize(log_probs), "mass", "only " << log_probs.size() << " samples are valid");
    const auto above = log_probs.begin() + m.mass.k;
    std::nth_element(log_probs.begin(), above, log_probs.end());
    m.threshold = (*std::max_element(log_probs.begin(), above) + *above) / 2;
  }
  return m;
}

// Panels that differ in the set share a folder and its attacker.
std::string Planted::report_name() const {
  return "planted-" + settings_.set + (settings_.is_tail() ? '-' + Value(settings_.mass).shown() : "") + '-' +
         (settings_.sevens != usual_sevens ? "sevens-" + std::to_string(settings_.sevens) + '-' : "") +
         std::to_string(settings_.samples) + ".json";
}

Json Planted::settings() const {
  Json all{{"set", settings_.set}, {"digits", settings_.digits}, {"samples", settings_.samples}};
  if (settings_.is_tail()) all["mass"] = settings_.mass;
  if (settings_.sevens != usual_sevens) all["sevens"] = settings_.sevens;
  return all;
}

std::string Planted::to_text(const Measured& m) const {
  const double p = m.mass.value(), error = std::sqrt(p * (1 - p) / static_cast<double>(m.mass.n));
  Json report{{"settings", settings()}, {"mass", banel::to_json(m.mass)}, {"standard_error", error}};
  if (settings_.is_tail()) report["threshold"] = m.threshold;
  return report.dump(2) + '\n';
}

void Planted::read(const fs::path& path) {
  const Json value = read_json(path);
  const Field report(value, path.string());
  ENSURE_AS(report["settings"].value() == settings(), InputError, path.string(),
            "was made with other settings than these: " << settings().dump()
                                                        << "; choose another folder or remove it");
  measured_.mass = rate_from(report["mass"]);
  if (settings_.is_tail()) measured_.threshold = report["threshold"].number();
}

TrainingSettings attacker_training() {  // that of the addition task
  return {
      .d_model = 64, .layers = 1, .heads = 4, .batch = 256, .rate = 3e-3, .warmup = 100, .examples = 600'000};
}

std::unique_ptr<Task> make(const Values& values, std::uint64_t seed) {
  const auto whole = [&](const char* key) { return static_cast<std::size_t>(values.at(key).number()); };
  const PlantedSettings s{.set = values.at("set").text(),
                          .mass = values.at("mass").number(),
                          .sevens = static_cast<int>(values.at("sevens").number()),
                          .digits = whole("digits"),
                          .samples = whole("samples"),
                          .attacker = training_from(values, "attacker", attacker_training())};
  ENSURE(s.is_tail() || s.mass == usual_mass, "mass",
         "has no effect on the set " << s.set << "; only the tail has it");
  ENSURE(s.set == "bulk" || s.sevens == usual_sevens, "sevens",
         "has no effect on the set " << s.set << "; only the bulk has it");
  ENSURE(!s.is_tail() || s.mass * static_cast<double>(s.samples) >= 9.5, "samples",
         s.samples << " samples hold fewer than 10 of mass " << s.mass << "; take more");
  return std::make_unique<Planted>(s, seed);
}

}  // namespace

TaskEntry entry() {
  std::vector<Setting> settings{
      {"set", {"tail", "bulk", "bulk2", "beside"}, "tail", "which strings are rewarded"},
      {"mass", 1e-7, 0.5, usual_mass, "prior mass of the tail"},
      {"sevens", 0, 3, usual_sevens,
       "of the bulk: so many digits must be 7, the last of b, the last of a, the second of at least three of "
       "a",
       "digits"},
      {"digits", 2, 18, 5, "longest operand", "digits"},
      {"samples", 1000, 1'000'000'000, 2'000'000, "strings of the prior that measure the mass of the set"}};
  add_training_settings(settings, "attacker", attacker_training());
  return {.name = "planted",
          .sentence = "strings of a set of known prior mass, in the tail or in the bulk of the prior",
          .settings = settings,
          .quick = {{"attacker_examples", 100'000}},
          .make = make,
          .judging = {"set", "mass", "sevens", "samples"}};
}

}  // namespace banel::planted
