// The model that is asked: a GPT that learned to solve word problems with written steps. Its training
// problems hold few inverse relations of more and fewer, and no inverse relation that scales, so what needs
// one is hard for it by nature.
//   const GPT model = train_reasoner({folder, "reasoner", settings}, reasoner_training(), mode);
//   GptGenerator solver(model, language_of(parse_problem("C=73.C5dH.?H:")));     // writes solutions of it
#pragma once
#include "tasks/model/gpt_generator.h"
#include "tasks/model/training.h"
#include "tasks/reason/problem.h"

namespace banel::reason {

inline constexpr double trained_shifting = 0.06,
                        trained_scaling = 0;  // inverse ones among the training problems

TrainingSettings reasoner_training();  // the defaults

// The problem is the prompt; an attempt is a solution up to its full stop.
Language language_of(const Problem&);

// Trains it in a folder, or loads what an earlier call made (training.h). The report FOLDER/reasoner.json
// holds the learning curve and the error map: greedy answers by number of relations, as in training, and by
// kind and direction of the only relation.
GPT train_reasoner(const std::filesystem::path& folder, const TrainingSettings&, ProgressMode);

// The most likely solution of each problem, token by token.
std::vector<std::string> greedy_solutions(const GPT&, std::span<const Problem>);

}  // namespace banel::reason
