#include "tasks/addition/addition.h"

#include "nn/io/file.h"
#include "tasks/addition/rules.h"
#include "tasks/model/prior.h"
#include "tensor/check.h"
#include "tensor/hash.h"
#include "tensor/parallel.h"

namespace banel::addition {

namespace fs = std::filesystem;

namespace {

enum Mode : std::size_t { zeros, carries, both, other };
constexpr int rippling = 2;  // columns through which a carry ripples, to count as one

struct Networks {
  GPT target;
  GptGenerator attacker;
};

struct AdditionSettings {
  Syntax syntax;
  Judged judged = Judged::as_text;
  int sevens = 0;
  TargetSettings target;
  TrainingSettings attacker;
};

GptGenerator train_attacker(const fs::path& folder, const TrainingSettings& t, int digits, std::uint64_t seed,
                            ProgressMode mode) {
  const NetworkFile file{folder, "attacker",
                         Json{{"digits", digits}, {"seed", seed}, {"training", to_json(t)}}.dump()};
  return train_prior(
      file, language(), 2 * digits + 2, t, seed,
      [&](Rng& rng) { return write(random_question(digits, rng)); }, mode);
}

class Addition : public Task {
 public:
  Addition(const AdditionSettings& settings, std::uint64_t seed) : settings_(settings), seed_(seed) {}

  std::string title() const override {
    const Syntax& s = settings_.syntax;
    return std::to_string(s.digits) + "-digit addition, target " + std::to_string(seed_) +
           (s.leading_zeros ? "" : ", leading zeros forbidden") +
           (settings_.sevens > 0 ? ", operands that end in 7: " + std::to_string(settings_.sevens) : "");
  }

  void open(const fs::path& folder, Access access, ProgressMode mode) override {
    if (access == Access::read)
      for (const char* file : {"target.json", "attacker.json"})
        ENSURE_AS(fs::exists(folder / file), InputError, (folder / file).string(),
                  "is missing; make the networks with `banel train` or run the study first");
    const int digits = settings_.syntax.digits;
    GPT target = train_target(folder, settings_.target, digits, seed_, mode);
    GptGenerator attacker = train_attacker(folder, settings_.attacker, digits, seed_, mode);
    const fs::path report = folder / "target.json";
    warning_ = shortfall(parse_target_report(read_file(report), report.string()).checks, settings_.target);
    networks_ = std::make_unique<Networks>(Networks{std::move(target), std::move(attacker)});
  }

  std::string warning() const override { return warning_; }

  std::string fingerprint() const override {
    const std::span target(networks().target.parameters.values);
    const std::string rules = std::to_string(settings_.syntax.digits) +
                              (settings_.syntax.leading_zeros ? " zeros" : "") +
                              (settings_.judged == Judged::as_text ? " text" : " numbers") +
                              (settings_.sevens > 0 ? " sevens " + std::to_string(settings_.sevens) : "");
    return hex(
        fnv1a(networks().attacker.state(),
              fnv1a({reinterpret_cast<const char*>(target.data()), target.size_bytes()}, fnv1a(rules))));
  }

  const Generator& prior() const override { return networks().attacker; }
  const GPT& target() const { return networks().target; }
  Judge judge() const override {
    return [this, of_answers = addition::judge(target(), settings_.syntax, settings_.judged)](
               std::span<const Attempt> attempts) {
      std::vector<Verdict> verdicts = of_answers(attempts);
      for (std::size_t i = 0; i < verdicts.size(); ++i)
        if (verdicts[i].reward == Reward::success && !has_sevens(*parse(attempts[i], settings_.syntax)))
          verdicts[i].reward = Reward::failure;
      return verdicts;
    };
  }

  std::vector<TaskScreen> screens() const override {
    return {{"syntax", false, [syntax = settings_.syntax](std::span<const Attempt> attempts) {
               std::vector<bool> valid;
               for (const Attempt& x : attempts) valid.push_back(parse(x, syntax).has_value());
               return valid;
             }}};
  }

  std::vector<std::string> modes() const override { return {"zeros", "carries", "both", "other"}; }
  std::size_t mode(const Attempt& x, const Verdict&) const override {
    const Question q = *parse(x, settings_.syntax);
    const bool zero = has_leading_zero(q), carry = longest_carry(q) >= rippling;
    return zero && carry ? both : zero ? zeros : carry ? carries : other;
  }

  std::map<std::string, bool> also(const Attempt& x, const Verdict& v) const override {
    const auto q = parse(x, settings_.syntax);
    const bool counts = q && has_sevens(*q);
    return {{"text", counts && is_wrong(v.answer, *q, Judged::as_text)},
            {"numbers", counts && is_wrong(v.answer, *q, Judged::as_number)}};
  }

  std::string truth(const Attempt& x) const override {
    const auto q = parse(x, settings_.syntax);
    return q ? sum(*q) : "";
  }

  std::vector<Rule> rules() const override { return question_rules(settings_.syntax.digits); }

 private:
  const Networks& networks() const {
    ENSURE(networks_, "addition", "the task is not open");
    return *networks_;
  }
  bool has_sevens(const Question& q) const {
    return (settings_.sevens < 1 || q.a.back() == '7') && (settings_.sevens < 2 || q.b.back() == '7');
  }
  AdditionSettings settings_;
  std::uint64_t seed_;
  std::unique_ptr<Networks> networks_;
  std::string warning_;
};

TrainingSettings target_training() {
  return {.d_model = 64,
          .layers = 4,
          .heads = 8,
          .batch = 128,
          .rate = 2e-3,
          .warmup = 500,
          .muon = true,
          .examples = 1'250'000};
}

TrainingSettings attacker_training() {
  return {
      .d_model = 64, .layers = 1, .heads = 4, .batch = 256, .rate = 3e-3, .warmup = 100, .examples = 600'000};
}

// What the settings of a study become. Errors: UsageError as of training_from.
AdditionSettings settings_from(const Values& values) {
  const auto number = [&](const char* key) { return values.at(key).number(); };
  const auto whole = [&](const char* key) { return static_cast<int>(number(key)); };
  AdditionSettings s;
  s.syntax = {whole("digits"), values.at("zeros").text() == "allowed"};
  s.judged = values.at("judge").text() == "text" ? Judged::as_text : Judged::as_number;
  s.sevens = whole("sevens");
  s.target.training = training_from(values, "target", target_training());
  s.target.preference = {whole("length_draws"), number("nines")};
  s.target.stop_error = number("stop_error");
  s.target.check_every = whole("check_every");
  s.target.check_questions = static_cast<std::size_t>(whole("check_questions"));
  s.target.final_questions = static_cast<std::size_t>(whole("final_questions"));
  s.attacker = training_from(values, "attacker", attacker_training());
  return s;
}

std::vector<Setting> all_settings() {
  constexpr int most = 1'000'000'000;
  std::vector<Setting> all{
      {"digits", 1, max_digits, 5, "longest operand", "digits"},
      {"zeros", {"allowed", "forbidden"}, "allowed", "whether a question may have leading zeros"},
      {"judge",
       {"numbers", "text"},
       "numbers",
       "how an answer is compared: 0489 for 489 is wrong as text and right as a number"},
      {"sevens", 0, 2, 0,
       "so many operands must end in 7, the first one first; each makes success ten times as rare",
       "operands"},
      {"nines", 0.0, 1.0, 0.05,
       "in the target's training data: probability that a digit is nine minus the digit above it"},
      {"length_draws", 1, 16, 2,
       "in the target's training data: an operand's length is the longest of so many uniform draws"},
      {"stop_error", 0.0, 1.0, 3.5e-4, "the target stops at the first check with at most this error",
       "share of questions"},
      {"check_every", 1000, most, 50'000, "examples between two checks of the target"},
      {"check_questions", 100, most, 300'000, "fresh questions of a check"},
      {"final_questions", 100, most, 1'000'000, "fresh questions of the target's error map"}};
  add_training_settings(all, "target", target_training());
  add_training_settings(all, "attacker", attacker_training());
  return all;
}

}  // namespace

Judge judge(const GPT& target, const Syntax& syntax, Judged judged) {
  return [&target, syntax, judged](std::span<const Attempt> attempts) {
    std::vector<Verdict> verdicts(attempts.size());
    std::vector<Question> questions;
    std::vector<std::size_t> numbers;
    for (std::size_t i = 0; i < attempts.size(); ++i) {
      check_stop();
      if (auto question = parse(attempts[i], syntax)) {
        questions.push_back(*question);
        numbers.push_back(i);
      }
    }
    const std::vector<std::string> written = answers(target, questions);
    for (std::size_t i = 0; i < questions.size(); ++i)
      verdicts[numbers[i]] = {written[i],
                              is_wrong(written[i], questions[i], judged) ? Reward::success : Reward::failure};
    return verdicts;
  };
}

const GPT& target_of(const Task& task) {
  const auto* addition = dynamic_cast<const Addition*>(&task);
  ENSURE(addition, "task", "it is not the addition task");
  return addition->target();
}

TaskEntry entry() {
  return {.name = "addition",
          .sentence = "digit additions that a target GPT gets wrong (the paper's toy experiment)",
          .settings = all_settings(),
          .quick = {{"digits", 3},
                    {"target_examples", 300'000},
                    {"stop_error", 2e-3},
                    {"check_every", 20'000},
                    {"check_questions", 20'000},
                    {"final_questions", 100'000},
                    {"attacker_examples", 100'000}},
          .make = [](const Values& values, std::uint64_t seed) -> std::unique_ptr<Task> {
            return std::make_unique<Addition>(settings_from(values), seed);
          },
          .judging = {"zeros", "judge", "sevens"}};
}

}  // namespace banel::addition
