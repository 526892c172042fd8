#include "tasks/reason/problem.h"

#include <algorithm>

#include "nn/io/json.h"
#include "tensor/check.h"

namespace banel::reason {

namespace {

constexpr std::string_view all_names = "ABCDEFGH", kinds = "mftd", operations = "+-*/";
constexpr const char* parts[] = {"half",    "a third",   "a quarter", "a fifth",
                                 "a sixth", "a seventh", "an eighth", "a ninth"};
constexpr std::string_view connectives = "aehnswx";  // and, hence, so, ...; or none

// The operation that gives the value to be found: value OPERATION k.
char operation_of(const Relation& r) {
  constexpr std::string_view direct = "+-*/", inverse = "-+/*";  // in the order of kinds
  return (r.inverse ? inverse : direct)[kinds.find(r.kind)];
}

// a OPERATION b; nothing unless it is whole and in 1..largest_value.
std::optional<int> computed(int a, char operation, int b) {
  int result = 0;
  switch (operation) {
    case '+':
      result = a + b;
      break;
    case '-':
      result = a - b;
      break;
    case '*':
      result = a * b;
      break;
    default:
      if (b == 0 || a % b != 0) return std::nullopt;
      result = a / b;
  }
  if (result < 1 || result > largest_value) return std::nullopt;
  return result;
}

// The largest k: below it lies every k from 2 on.
int largest_k(const Relation& r) { return r.scales() ? 9 : 99; }

bool is_usual(const Relation& r) { return r.k >= 2 && r.k <= largest_k(r); }

Relation random_relation(Rng& rng, double shifting, double scaling) {
  Relation r{kinds[rng.below(4)], 0, false};
  r.k = static_cast<int>(2 + rng.below(static_cast<std::uint32_t>(largest_k(r) - 1)));
  r.inverse = rng.uniform() < (r.scales() ? scaling : shifting);
  return r;
}

// What every person has; nothing if a value is not whole or out of range.
std::optional<std::vector<int>> values_of(const Problem& p) {
  std::vector<int> values{p.given};
  for (const Relation& r : p.relations) {
    const std::optional<int> next = computed(values.back(), operation_of(r), r.k);
    if (!next) return std::nullopt;
    values.push_back(*next);
  }
  return values;
}

std::string equation(char name, int a, char operation, int b, int result) {
  return std::string{name} + '=' + std::to_string(a) + operation + std::to_string(b) + '=' +
         std::to_string(result) + ';';
}

// Reads a text from the left. Every function returns false, or nothing, and stops there if it does not fit.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}
  bool done() const { return rest_.empty(); }
  bool skip(char c) { return one_of({&c, 1}).has_value(); }
  std::optional<char> one_of(std::string_view characters) {
    if (rest_.empty() || characters.find(rest_[0]) == characters.npos) return std::nullopt;
    const char c = rest_[0];
    rest_.remove_prefix(1);
    return c;
  }
  std::optional<int> number() {  // 1 to 3 digits, without a leading zero
    const std::size_t length = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    if (length == 0 || length > 3 || rest_[0] == '0') return std::nullopt;
    const int value = std::stoi(std::string(rest_.substr(0, length)));
    rest_.remove_prefix(length);
    return value;
  }

 private:
  std::string_view rest_;
};

std::optional<Problem> problem_from(std::string_view text) {
  Reader in(text);
  const auto first = in.one_of(all_names);
  if (!first || !in.skip('=')) return std::nullopt;
  const auto given = in.number();
  if (!given || !in.skip('.')) return std::nullopt;
  Problem p{{*first}, *given, {}};
  while (const auto subject = in.one_of(all_names)) {
    const auto k = in.number();
    const auto kind = k ? in.one_of(kinds) : std::nullopt;
    const auto object = kind ? in.one_of(all_names) : std::nullopt;
    if (!object || !in.skip('.') || !is_usual({*kind, *k, false})) return std::nullopt;
    const bool inverse = *subject == p.names.back();
    const char next = inverse ? *object : *subject;
    if ((!inverse && *object != p.names.back()) || std::ranges::find(p.names, next) != p.names.end())
      return std::nullopt;
    p.relations.push_back({*kind, *k, inverse});
    p.names.push_back(next);
  }
  if (!in.skip('?') || !in.skip(p.names.back()) || !in.skip(':') || !in.done()) return std::nullopt;
  return p;
}

}  // namespace

std::string Problem::text() const {
  std::string text = std::string{names[0]} + '=' + std::to_string(given) + '.';
  for (std::size_t i = 0; i < relations.size(); ++i) {
    const Relation& r = relations[i];
    text += names[r.inverse ? i : i + 1] + std::to_string(r.k) + r.kind + names[r.inverse ? i + 1 : i] + '.';
  }
  return text + '?' + names.back() + ':';
}

std::string Problem::words() const {
  std::string text = std::string{names[0]} + " has " + std::to_string(given) + ".";
  for (std::size_t i = 0; i < relations.size(); ++i) {
    const Relation& r = relations[i];
    const std::string k = std::to_string(r.k);
    text += std::string(" ") + names[r.inverse ? i : i + 1] + " has " +
            (r.kind == 'm'   ? k + " more than "
             : r.kind == 'f' ? k + " fewer than "
             : r.kind == 't' ? k + " times as many as "
                             : std::string(parts[r.k - 2]) + " of ") +
            names[r.inverse ? i + 1 : i] + ".";
  }
  return text + " How many has " + names.back() + "?";
}

std::vector<int> Problem::values() const { return values_of(*this).value(); }

Problem random_problem(Rng& rng, double shifting, double scaling) {
  for (;;) {
    Problem p;
    const std::size_t relations = 1 + rng.below(most_relations);
    const std::vector<std::size_t> order = permutation(all_names.size(), rng);
    for (std::size_t i = 0; i <= relations; ++i) p.names.push_back(all_names[order[i]]);
    p.given = static_cast<int>(1 + rng.below(largest_value));
    for (std::size_t i = 0; i < relations; ++i)
      p.relations.push_back(random_relation(rng, shifting, scaling));
    if (values_of(p)) return p;
  }
}

Problem parse_problem(std::string_view text) {
  const std::optional<Problem> p = problem_from(text);
  const std::string shown = in_quotes(std::string(text));
  ENSURE(p && !p->relations.empty() && p->relations.size() <= most_relations, "problem",
         shown << " is none; one with two relations is C=73.C5dH.H31fB.?B:");
  ENSURE(values_of(*p), "problem",
         shown << " leads to a value that is not whole or is outside 1.." << largest_value);
  return *p;
}

std::vector<std::vector<std::string>> pieces(const Problem& p) {
  const std::vector<int> values = p.values();
  std::vector<std::vector<std::string>> all{
      {"", std::string{p.names[0]} + '=' + std::to_string(p.given) + ';'}};
  for (std::size_t i = 0; i < p.relations.size(); ++i) {
    const int v = values[i], k = p.relations[i].k, result = values[i + 1];
    const char operation = operation_of(p.relations[i]), name = p.names[i + 1];
    std::vector<std::string> step;
    for (std::size_t c = 0; c <= connectives.size(); ++c) {
      const std::string connective(c ? connectives.substr(c - 1, 1) : "");
      step.push_back(connective + equation(name, v, operation, k, result));
      if ((operation == '+' || operation == '*') && v != k)
        step.push_back(connective + equation(name, k, operation, v, result));
    }
    all.push_back(std::move(step));
  }
  all.push_back({'#' + std::to_string(values.back()) + '.'});
  return all;
}

std::string random_solution(const Problem& p, Rng& rng) {
  std::string text;
  for (const std::vector<std::string>& piece : pieces(p))
    text += piece[rng.below(static_cast<std::uint32_t>(piece.size()))];
  return text;
}

bool is_sound(const Problem& p, std::string_view solution) {
  for (const std::vector<std::string>& piece : pieces(p)) {
    std::string_view longest;  // the restatement may be missing, so "" fits everywhere
    bool fits = false;
    for (const std::string& text : piece)
      if (solution.starts_with(text)) {
        fits = true;
        if (text.size() > longest.size()) longest = text;
      }
    if (!fits) return false;
    solution.remove_prefix(longest.size());
  }
  return solution.empty();
}

bool Step::adds_up() const { return computed(a, operation, b) == result; }

bool Solution::adds_up() const {
  return std::ranges::all_of(steps, [](const Step& s) { return s.adds_up(); }) &&
         steps.back().result == answer;
}

std::optional<Solution> parse_solution(std::string_view text) {
  Reader in(text);
  Solution solution{};
  for (bool first = true; !in.skip('#'); first = false) {
    const bool has_connective = in.one_of(connectives).has_value();
    if (!in.one_of(all_names) || !in.skip('=')) return std::nullopt;
    const auto a = in.number();
    if (!a) return std::nullopt;
    if (first && !has_connective && in.skip(';')) continue;
    const auto operation = in.one_of(operations);
    const auto b = operation ? in.number() : std::nullopt;
    const auto result = b && in.skip('=') ? in.number() : std::nullopt;
    if (!result || !in.skip(';')) return std::nullopt;
    solution.steps.push_back({*a, *operation, *b, *result});
  }
  const auto answer = in.number();
  if (!answer || !in.skip('.') || !in.done() || solution.steps.empty()) return std::nullopt;
  solution.answer = *answer;
  return solution;
}

std::string written_answer(std::string_view solution) {
  const std::size_t mark = solution.rfind('#');
  if (mark == solution.npos) return {};
  const std::string_view after = solution.substr(mark + 1);
  return std::string(after.substr(0, after.find_first_not_of("0123456789")));
}

}  // namespace banel::reason
