#include "tasks/reason/reasoner.h"

#include "nn/io/file.h"
#include "nn/sample.h"
#include "tasks/model/rate.h"

namespace banel::reason {

namespace {

constexpr std::uint64_t seed = 1;
constexpr int longest = 33 + 71;  // characters of a problem with four relations, and of its solution
constexpr std::int64_t check_every = 100'000;  // examples
constexpr std::size_t check_problems = 1'000;  // of a point of the learning curve, and of a cell of the map

const Alphabet& alphabet() {
  static const Alphabet characters("0123456789ABCDEFGHmftdaehnswx=+-*/;#.?:");
  return characters;
}

Example training_example(Rng& rng) {
  const Problem problem = random_problem(rng, trained_shifting, trained_scaling);
  const std::string text = problem.text();
  return {.tokens = alphabet().encode(text + random_solution(problem, rng)),
          .loss_from = static_cast<int>(text.size())};
}

// Wrong answers of the most likely solutions.
Rate errors(const GPT& model, std::span<const Problem> problems) {
  const std::vector<std::string> solutions = greedy_solutions(model, problems);
  Rate wrong;
  for (std::size_t i = 0; i < problems.size(); ++i)
    wrong.count(written_answer(solutions[i]) != std::to_string(problems[i].answer()));
  return wrong;
}

// The first check_problems of random_problem(shifting, scaling) that `wanted` takes.
template <class Wanted>
std::vector<Problem> some_problems(double shifting, double scaling, Stream random, Wanted wanted) {
  std::vector<Problem> problems;
  for (std::size_t i = 0; problems.size() < check_problems; ++i) {
    Rng rng = random[i];
    Problem p = random_problem(rng, shifting, scaling);
    if (wanted(p)) problems.push_back(std::move(p));
  }
  return problems;
}

std::vector<Problem> ordinary_problems(Stream random) {
  return some_problems(trained_shifting, trained_scaling, random, [](const Problem&) { return true; });
}

Json error_map(const GPT& model) {
  Json map = Json::array();
  const auto add = [&](const std::string& cell, const std::vector<Problem>& problems) {
    map.push_back(to_json(errors(model, problems)))["problems"] = cell;
  };
  for (std::size_t n = 1; n <= most_relations; ++n)
    add("as in training, relations: " + std::to_string(n),
        some_problems(trained_shifting, trained_scaling, {seed, "map by relations"},
                      [n](const Problem& p) { return p.relations.size() == n; }));
  for (const char kind : {'m', 'f', 't', 'd'})
    for (const bool inverse : {false, true})
      add(std::string("one relation: ") + kind + (inverse ? ", inverse" : ", direct"),
          some_problems(0.5, 0.5, {seed, "map by kinds"}, [&](const Problem& p) {
            return p.relations.size() == 1 && p.relations[0].kind == kind &&
                   p.relations[0].inverse == inverse;
          }));
  return map;
}

}  // namespace

TrainingSettings reasoner_training() {
  return {.d_model = 64,
          .layers = 3,
          .heads = 4,
          .batch = 128,
          .rate = 3e-3,
          .warmup = 200,
          .muon = true,
          .examples = 800'000};
}

Language language_of(const Problem& problem) { return {alphabet(), problem.text(), '.'}; }

GPT train_reasoner(const std::filesystem::path& folder, const TrainingSettings& t, ProgressMode mode) {
  const NetworkFile file{folder, "reasoner", Json{{"training", to_json(t)}}.dump()};
  const GPTConfig config{alphabet().size(), longest - 1, t.d_model, t.layers, t.heads};
  if (auto model = file.finished(config)) return std::move(*model);
  create_folders(folder);
  GPT model(config, Rng(seed, "reasoner weights"));
  const auto look = [&](Training& now) {
    const auto number = static_cast<std::uint32_t>(now.examples / check_every);
    const Rate wrong = errors(model, ordinary_problems({seed, "reasoner check", number}));
    now.checks.push_back({now.examples, now.loss, wrong.value(), wrong.n});
    return false;
  };
  Training training;
  {
    Progress progress("reasoner", t.examples, mode);
    training = train(model, file, t, {seed, "reasoner data"}, check_every, training_example, look, progress);
  }
  Json report{{"examples", training.examples},
              {"loss", training.loss},
              {"training_seconds", training.seconds},
              {"checks", to_json(training.checks)},
              {"error", to_json(errors(model, ordinary_problems({seed, "reasoner errors"})))},
              {"error_map", error_map(model)}};
  file.finish(model, report);
  return model;
}

std::vector<std::string> greedy_solutions(const GPT& model, std::span<const Problem> problems) {
  std::vector<Sequence> prompts;
  for (const Problem& p : problems) prompts.push_back(alphabet().encode(p.text()));
  std::vector<std::string> solutions;
  for (const Sequence& s : greedy(model, prompts, alphabet().id('.')))
    solutions.push_back(alphabet().decode(s));
  return solutions;
}

}  // namespace banel::reason
