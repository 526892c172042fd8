#include "tasks/model/alphabet.h"

#include "nn/io/json.h"
#include "tensor/check.h"

namespace banel {

Alphabet::Alphabet(std::string_view characters) : characters_(characters) {
  ids_.fill(-1);
  for (std::size_t i = 0; i < characters.size(); ++i) {
    int& id = ids_[static_cast<unsigned char>(characters[i])];
    ENSURE(id < 0, "alphabet", "the character " << in_quotes(characters.substr(i, 1)) << " comes twice");
    id = static_cast<int>(i);
  }
}

int Alphabet::id(char c) const {
  const int found = ids_[static_cast<unsigned char>(c)];
  ENSURE(
      found >= 0, "alphabet",
      "the character " << in_quotes(std::string_view(&c, 1)) << " is not one of " << in_quotes(characters_));
  return found;
}

Sequence Alphabet::encode(std::string_view text) const {
  Sequence tokens;
  tokens.reserve(text.size());
  for (const char c : text) tokens.push_back(id(c));
  return tokens;
}

std::string Alphabet::decode(const Sequence& tokens) const {
  std::string text;
  for (const int token : tokens) text += characters_[static_cast<std::size_t>(token)];
  return text;
}

}  // namespace banel
