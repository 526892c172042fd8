// Reads a few strings token by token with cached keys and values: the engine of sample() and greedy().
//
//   Decoder decoder("greedy", model);
//   decoder.run(prompts, [&](std::size_t i, const real* logits) -> std::optional<int> {
//     return the next token of string i, or std::nullopt if the string has ended;
//   });
//
// Strings that have read the same tokens so far are one row of the network, which is computed once.
#pragma once
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nn/batch.h"

namespace banel {

// Throws std::runtime_error "CALLER: NaN or infinity in the logits at position P; ..." unless all
// `vocabulary` logits are finite: nothing can be drawn from such numbers.
void check_finite(const char* caller, int position, const real* logits, int vocabulary);

class Decoder {
 public:
  // The next token of string i, given the logits (V) after all its tokens so far; nothing: the string has
  // ended.
  using Next = std::function<std::optional<int>(std::size_t i, const real* logits)>;

  // How many strings it reads together.
  static std::size_t group_size(const GPT&);

  Decoder(const char* caller, const GPT&);  // both must outlive it; `caller` is for error messages

  // Reads prompts[i], then asks `next` for one token after the other, until every string has ended or has
  // filled the context. Precondition: at most group_size() prompts, each of 1..context tokens.
  void run(std::span<const Sequence> prompts, const Next& next);

 private:
  struct String {
    std::size_t number;  // of its prompt
    int token;           // to be read next
    int row;             // of the step before; sorts strings by what they have read
  };
  void make_rows(int t);
  Tensor logits();

  const char* caller_;
  const GPT& model_;
  std::vector<KeyValueCache> cache_;
  std::vector<String> alive_;
  std::vector<int> tokens_, positions_, slots_;  // of the rows of this step
  std::vector<int> parent_slots_;                // of the rows of the step before
  std::vector<int> output_rows_;  // rows from which a token is asked for, not given by a prompt
  Tape tape_{Record::no};
};

}  // namespace banel
