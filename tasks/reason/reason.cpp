#include "tasks/reason/reason.h"

#include <algorithm>
#include <cmath>
#include <mutex>

#include "tasks/reason/hard.h"
#include "tasks/reason/reasoner.h"
#include "tasks/reason/sound.h"
#include "tensor/check.h"
#include "tensor/hash.h"

namespace banel::reason {

namespace {

struct ReasonSettings {
  std::string assumed;  // none, syntax or calculator
  TrainingSettings training;
};

bool has_syntax(const Attempt& x) { return parse_solution(x).has_value(); }

bool passes_calculator(const Attempt& x) {
  const std::optional<Solution> solution = parse_solution(x);
  return solution && solution->adds_up();
}

// Whatever is assumed of an instance counts as known, so no screen is marked as prior knowledge.
TaskScreen screen(std::string name, bool (*passes)(const Attempt&)) {
  return {std::move(name), false, [passes](std::span<const Attempt> attempts) {
            std::vector<bool> may;
            for (const Attempt& x : attempts) may.push_back(passes(x));
            return may;
          }};
}

class Reason : public Task {
 public:
  Reason(ReasonSettings settings, std::uint64_t number, std::uint64_t questions)
      : settings_(std::move(settings)), number_(number), problem_(problem_number(number, questions)) {}

  std::string title() const override {
    return "word problem " + std::to_string(number_) + ", " + problem_.text();
  }

  void open(const std::filesystem::path& folder, Access access, ProgressMode mode) override {
    const auto report = folder / "reasoner.json";
    ENSURE_AS(access == Access::make || std::filesystem::exists(report), InputError, report.string(),
              "is missing; run the study that made this folder first");
    prior_ = std::make_unique<GptGenerator>(train_reasoner(folder, settings_.training, mode),
                                            language_of(problem_));
  }

  std::string fingerprint() const override {
    return hex(fnv1a(prior().state(), fnv1a(problem_.text() + settings_.assumed)));
  }

  const GptGenerator& prior() const override {
    ENSURE(prior_, "reason", "the task is not open");
    return *prior_;
  }

  Judge judge() const override {
    return [right = std::to_string(problem_.answer())](std::span<const Attempt> attempts) {
      std::vector<Verdict> verdicts;
      for (const Attempt& x : attempts) {
        const std::string answer = written_answer(x);
        verdicts.push_back({answer, answer == right ? Reward::success : Reward::failure});
      }
      return verdicts;
    };
  }

  std::vector<TaskScreen> screens() const override {
    std::vector<TaskScreen> all;
    if (settings_.assumed == "none") return all;
    all.push_back(screen("syntax", has_syntax));
    if (settings_.assumed == "calculator") all.push_back(screen("calculator", passes_calculator));
    return all;
  }

  std::string claim(const Attempt& x) const override { return written_answer(x); }

  std::vector<std::string> modes() const override { return {"sound", "lucky"}; }
  std::size_t mode(const Attempt& x, const Verdict&) const override { return is_sound(problem_, x) ? 0 : 1; }
  std::string truth(const Attempt&) const override {
    std::string solution;
    for (const std::vector<std::string>& piece : pieces(problem_)) solution += piece.front();
    return solution;
  }

  std::optional<Estimate> exact_success(const Attacker&) const override;

 private:
  static constexpr std::size_t most = 10'000;  // samples of a reading
  std::span<const Proposal> prior_samples() const;
  Rate unsound(const Attacker&) const;
  std::vector<bool> may_write(const Attacker&, std::span<const Proposal>) const;

  ReasonSettings settings_;
  std::uint64_t number_;
  Problem problem_;
  std::unique_ptr<GptGenerator> prior_;
  mutable std::once_flag prior_sampled_;
  mutable std::vector<Proposal> prior_samples_;
};

// Whether the attacker may write it: outside its regions, unseen, and passed by the assumed screens.
std::vector<bool> Reason::may_write(const Attacker& a, std::span<const Proposal> proposals) const {
  std::vector<Screen> used;
  for (const TaskScreen& s : screens()) used.push_back(s.may_succeed);
  if (a.unseen) used.push_back(*a.unseen);
  std::vector<bool> may = joined(std::move(used))(texts(proposals));
  const std::vector<bool> free = outside(a.regions, proposals);
  for (std::size_t i = 0; i < may.size(); ++i) may[i] = may[i] && free[i];
  return may;
}

// What the prior writes. All readings of attackers that restrict the prior share these samples.
std::span<const Proposal> Reason::prior_samples() const {
  std::call_once(prior_sampled_, [&] { prior_samples_ = prior().sample(most, {number_, "share"}); });
  return prior_samples_;
}

// How much of what theta writes the attacker may write and is not sound, from samples.
Rate Reason::unsound(const Attacker& a) const {
  constexpr std::size_t piece = 1'000;
  constexpr std::int64_t enough = 100;  // a relative error of a tenth
  const bool is_prior = &a.theta == prior_.get();
  Rate rate;
  std::int64_t written = 0;
  for (std::size_t n = 0; n < most && written < enough; n += piece) {
    std::vector<Proposal> drawn;
    if (!is_prior) drawn = a.theta.sample(piece, Stream{number_, "share"}.from(n));
    const std::span<const Proposal> samples = is_prior ? prior_samples().subspan(n, piece) : drawn;
    const std::vector<bool> may = may_write(a, samples);
    for (std::size_t i = 0; i < may.size(); ++i) rate.count(may[i] && !is_sound(problem_, samples[i].text));
    written += std::count(may.begin(), may.end(), true);
  }
  return rate;
}

// s / (s + u) with s = p(sound and may be written), u = p(unsound and may be written). Half a sample more is
// counted for u (Jeffreys): an attacker that may write next to nothing does not pass for one that succeeds.
std::optional<Estimate> Reason::exact_success(const Attacker& a) const {
  const std::vector<SoundSolution> solutions = sound_solutions(a.theta, problem_, {number_, "wordings"});
  std::vector<Proposal> proposals;
  for (const SoundSolution& s : solutions) proposals.push_back(s.proposal);
  const Estimate sound = sum_of(solutions, may_write(a, proposals));
  const bool everything = a.regions.empty() && !a.unseen && settings_.assumed == "none";
  if (everything || sound.value == 0) return sound;
  const Rate others = unsound(a);
  const double k = static_cast<double>(others.k) + 0.5, u = k / static_cast<double>(others.n);
  const double value = sound.value / (sound.value + u);
  return Estimate{value,
                  value * (1 - value) * std::hypot(sound.standard_error / sound.value, 1 / std::sqrt(k))};
}

std::unique_ptr<Task> make(const Values& values, std::uint64_t number) {
  return std::make_unique<Reason>(
      ReasonSettings{values.at("assumed").text(), training_from(values, "reasoner", reasoner_training())},
      number, static_cast<std::uint64_t>(values.at("questions").number()));
}

}  // namespace

const GPT& reasoner_of(const Task& task) {
  const auto* reason = dynamic_cast<const Reason*>(&task);
  ENSURE(reason, "word problems",
         "this is another task: " << task.title() << "; give a folder of the task reason");
  return reason->prior().model();
}

TaskEntry entry() {
  std::vector<Setting> settings{{"assumed",
                                 {"none", "syntax", "calculator"},
                                 "syntax",
                                 "what is known to earn nothing: nothing; solutions that are malformed; or "
                                 "also those whose steps do not add up, which is prior knowledge. Success "
                                 "rates are among the others"},
                                {"questions", 1, 999'999'999, 20261127,
                                 "seed of the generator; an instance is the number of a question"}};
  add_training_settings(settings, "reasoner", reasoner_training());
  return {.name = "reason",
          .sentence = "solutions of word problems that a reasoner gets wrong for a reason",
          .settings = settings,
          .quick = {},
          .make = make,
          .judging = {"assumed", "questions"},
          .shares_folder = true};
}

}  // namespace banel::reason
