#include "tasks/cli/commands/solved.h"

#include <algorithm>

#include "nn/io/checkpoint.h"
#include "tasks/base/embedded.h"
#include "tasks/base/text.h"
#include "tasks/reason/reasoner.h"
#include "tasks/reason/sound.h"
#include "tensor/check.h"

namespace banel {

using namespace reason;

extern const std::span<const EmbeddedFile> network_files;

GPT carried_reasoner() {
  for (const EmbeddedFile& file : network_files)
    if (file.name.ends_with(".reasoner.safetensors"))
      return decode_checkpoint(file.bytes, std::string(file.name)).model;
  throw InputError("this program carries no reasoner; give --networks FOLDER");
}

SolvedProblem solve(const GPT& reasoner, const Problem& problem, std::size_t most, std::uint64_t seed) {
  constexpr std::int64_t samples = 2'000;
  const GptGenerator solver(reasoner, language_of(problem));
  SolvedProblem s{.problem = problem,
                  .greedy = greedy_solutions(reasoner, std::span(&problem, 1))[0],
                  .sound = sound_success(solver, problem, {seed, "wordings"}),
                  .samples = samples,
                  .answers = {}};
  for (const Proposal& p : solver.sample(samples, {seed, "solutions"})) {
    const std::string answer = written_answer(p.text);
    auto known = std::ranges::find(s.answers, answer, &SolvedProblem::Answer::answer);
    if (known == s.answers.end()) known = s.answers.insert(known, {answer, p.text, 0});
    ++known->times;
  }
  std::ranges::stable_sort(s.answers, std::greater<>(), &SolvedProblem::Answer::times);
  if (s.answers.size() > most) s.answers.resize(most);
  return s;
}

std::string in_words(const SolvedProblem& s) {
  const std::string right = std::to_string(s.problem.answer());
  std::string text = s.problem.words() + "\n  most likely  " + s.greedy + "  (" +
                     (written_answer(s.greedy) == right ? "right" : "wrong, it is " + right) +
                     ")\n  sound reasoning has probability " + formatted("%.3g", s.sound.value) + "\n  of " +
                     grouped(s.samples) + " samples:\n";
  for (const SolvedProblem::Answer& a : s.answers)
    text +=
        formatted("  %6.2f %%  %-5s  ", 100 * static_cast<double>(a.times) / static_cast<double>(s.samples),
                  a.answer.empty() ? "none" : a.answer.c_str()) +
        (a.answer == right ? is_sound(s.problem, a.example) ? "right  " : "lucky  " : "wrong  ") + a.example +
        '\n';
  return text;
}

Json to_json(const SolvedProblem& s) {
  Json answers = Json::array();
  for (const SolvedProblem::Answer& a : s.answers)
    answers.push_back({{"answer", a.answer}, {"times", a.times}, {"example", a.example}});
  return {{"problem", s.problem.text()},
          {"words", s.problem.words()},
          {"answer", s.problem.answer()},
          {"greedy", s.greedy},
          {"sound", {{"value", s.sound.value}, {"standard_error", s.sound.standard_error}}},
          {"samples", s.samples},
          {"answers", answers}};
}

std::string in_words(const HardProblems& hard, std::uint64_t seed) {
  std::string text = "# generator seed " + std::to_string(seed) + ", the first " +
                     std::to_string(hard.found.size()) + " with sound success in " +
                     formatted("%g", hardest) + ".." + formatted("%g", easiest) + "; " +
                     std::to_string(hard.looked_at) + " looked at\n";
  for (const HardProblem& p : hard.found)
    text +=
        std::to_string(p.number) + '\t' + formatted("%.2e", p.base.value) + '\t' + p.problem.text() + '\n';
  return text;
}

}  // namespace banel
