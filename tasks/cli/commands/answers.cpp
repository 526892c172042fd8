#include "tasks/cli/commands/answers.h"

#include <cmath>

#include "nn/likelihood.h"
#include "tasks/addition/addition.h"
#include "tasks/base/text.h"
#include "tensor/check.h"

namespace banel {

namespace {

int digits_of(const Values& settings) { return static_cast<int>(settings.at("digits").number()); }

}  // namespace

TargetAnswer ask_target(const Task& task, const Values& settings, const std::string& question) {
  const GPT& target = addition::target_of(task);
  const std::string asked = question.ends_with('=') ? question : question + '=';
  const auto parsed = addition::parse(asked, {digits_of(settings)});
  ENSURE(parsed, "QUESTION",
         in_quotes(question) << " is no question for " << task.title() << "; one is 8+7, with at most "
                             << digits_of(settings) << " digits a number");
  TargetAnswer a;
  a.question = asked;
  a.answer = addition::answers(target, {*parsed})[0];
  a.truth = addition::sum(*parsed);
  a.wrong_as_text = addition::is_wrong(a.answer, *parsed, addition::Judged::as_text);
  a.wrong_as_number = addition::is_wrong(a.answer, *parsed, addition::Judged::as_number);
  // An answer that fills the context has no end.
  const bool ends = asked.size() + a.answer.size() <= static_cast<std::size_t>(target.config().context);
  const std::string text = asked + a.answer + (ends ? "\n" : "");
  const Sequence tokens = addition::alphabet().encode(text);
  double before = 0;
  for (std::size_t end = asked.size() + 1; end <= tokens.size(); ++end) {
    const Sequence part(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(end));
    const double nats = log_likelihood(target, std::span(&part, 1), asked.size())[0];
    a.digits.push_back(
        {text[end - 1] == '\n' ? "end" : std::string(1, text[end - 1]), std::exp(nats - before)});
    before = nats;
  }
  return a;
}

Json target_errors(const Task& task, const Values& settings, std::size_t questions, std::uint64_t seed) {
  return addition::to_json(
      addition::measure_errors(addition::target_of(task), digits_of(settings), questions, {seed, "eval"}));
}

std::string in_words(const TargetAnswer& a) {
  std::string text = a.question + a.answer + '\n';
  for (const TargetAnswer::Digit& d : a.digits)
    text += "  " + std::string(d.text.size() < 3 ? 3 - d.text.size() : 0, ' ') + d.text + "  " +
            fixed(100 * d.probability, 2) + " %\n";
  text += a.wrong_as_text ? "wrong as text" : "right as text";
  text += a.wrong_as_number ? ", wrong as a number" : ", right as a number";
  return text + ": the sum is " + a.truth + '\n';
}

Json to_json(const TargetAnswer& a) {
  Json digits = Json::array();
  for (const TargetAnswer::Digit& d : a.digits)
    digits.push_back({{"text", d.text}, {"probability", d.probability}});
  return {{"question", a.question},
          {"answer", a.answer},
          {"sum", a.truth},
          {"wrong_as_text", a.wrong_as_text},
          {"wrong_as_number", a.wrong_as_number},
          {"digits", digits}};
}

}  // namespace banel
