// The pre-trained attacker of a task whose strings can be made at random: a GPT trained on them.
//   const auto word = [](Rng& rng) { return std::string(1 + rng.below(8), 'a') + "."; };
//   GptGenerator prior = train_prior({folder, "attacker", settings}, {Alphabet("a.\n"), "\n", '.'}, 9, {}, 1,
// word,
//                                    ProgressMode::plain);
#pragma once
#include <functional>

#include "tasks/model/gpt_generator.h"
#include "tasks/model/training.h"

namespace banel {

// Trains on t.examples strings, string(rng) each, or loads what an earlier call made: FOLDER/NAME.safetensors
// with its report FOLDER/NAME.json (settings, examples, loss, seconds). `longest` is the length of the
// longest string; the context of the network has no room for more. Errors: InputError if the folder holds a
// network with other settings.
GptGenerator train_prior(const NetworkFile&, const Language&, int longest, const TrainingSettings& t,
                         std::uint64_t seed, const std::function<Attempt(Rng&)>& string, ProgressMode);

}  // namespace banel
