// The characters that a network reads and writes, each one token.
//   const Alphabet digits("0123456789+=\n");      digits.encode("58+") == Sequence{5, 8, 10}
#pragma once
#include <array>
#include <string>
#include <string_view>

#include "nn/train.h"

namespace banel {

class Alphabet {
 public:
  explicit Alphabet(
      std::string_view characters);  // token i is characters[i]; errors: UsageError if one repeats
  int size() const { return static_cast<int>(characters_.size()); }
  int id(char) const;                       // errors: UsageError naming a character that is not in it
  Sequence encode(std::string_view) const;  // errors: as id
  std::string decode(const Sequence&) const;
  const std::string& characters() const { return characters_; }

 private:
  std::string characters_;
  std::array<int, 256> ids_;  // -1: not in the alphabet
};

}  // namespace banel
