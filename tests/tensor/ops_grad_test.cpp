#include <algorithm>
#include <array>
#include <fstream>
#include <limits>
#include <map>
#include <regex>
#include <set>

#include "tensor/check.h"
#include "tests/support/check_grad.h"

namespace banel {
namespace {

using Tensors = std::vector<Tensor>;

struct Row {
  std::string op;
  int parameters;  // tells the overloads apart
  std::vector<Shape> shapes;
  std::function<Tensor(const Tensors&)> apply;  // nothing: the operation has no derivative
  double lo = -2, hi = 2;
};

// Targets and ids that hit the first and the last entry and repeat some.
std::vector<int> ids(Index count, Index limit) {
  std::vector<int> result;
  for (Index i = 0; i < count; ++i) result.push_back(static_cast<int>((i * i + limit - 1) % limit));
  return result;
}

Row attention_row(int heads, Index width, std::vector<int> offsets, double size = 2) {
  return {"attention",
          4,
          {{offsets.back(), 3 * width}},
          [=](const Tensors& x) { return attention(x[0], heads, offsets); },
          -size,
          size};
}

Row tree_attention_row(int heads, Index width, std::vector<int> offsets, std::vector<int> shared) {
  return {"attention", 4, {{offsets.back(), 3 * width}}, [=](const Tensors& x) {
            return attention(x[0], heads, offsets, shared);
          }};
}

Row cross_entropy_row(Index rows, Index vocabulary, double size) {
  std::vector<real> weights;
  for (Index n = 0; n < rows; ++n)
    weights.push_back(std::vector<real>{1, -0.5, 0, 0.25}[static_cast<std::size_t>(n % 4)]);
  return {"cross_entropy",
          3,
          {{rows, vocabulary}},
          [=, targets = ids(rows, vocabulary)](const Tensors& x) {
            return cross_entropy(x[0], targets, weights);
          },
          -size,
          size};
}

// Every operation of ops.h, with sizes 0, 1, below, at and above the vector width (8 doubles).
std::vector<Row> table() {
  std::vector<Row> rows;
  for (const Shape& s : {Shape{0}, Shape{1}, Shape{7}, Shape{3, 8}, Shape{17}, Shape{2, 3, 5}, Shape{}}) {
    rows.push_back({"add", 2, {s, s}, [](const Tensors& x) { return add(x[0], x[1]); }});
    rows.push_back({"add", 2, {s}, [](const Tensors& x) { return add(x[0], x[0]); }});
    rows.push_back({"sub", 2, {s, s}, [](const Tensors& x) { return sub(x[0], x[1]); }});
    rows.push_back({"mul", 2, {s, s}, [](const Tensors& x) { return mul(x[0], x[1]); }});
    rows.push_back({"mul", 2, {s}, [](const Tensors& x) { return mul(x[0], x[0]); }});
    rows.push_back({"scale", 2, {s}, [](const Tensors& x) { return scale(x[0], -1.5); }});
    rows.push_back({"exp", 1, {s}, [](const Tensors& x) { return exp(x[0]); }});
    rows.push_back({"log", 1, {s}, [](const Tensors& x) { return log(x[0]); }, 0.5, 3});
    rows.push_back({"sum", 1, {s}, [](const Tensors& x) { return sum(x[0]); }});
    if (s.size() > 0) rows.push_back({"mean", 1, {s}, [](const Tensors& x) { return mean(x[0]); }});
    rows.push_back({"reshape", 2, {s}, [n = s.size()](const Tensors& x) {
                      return mul(reshape(x[0], {n, 1}), reshape(x[0], {n, 1}));
                    }});
    rows.push_back({"gelu", 1, {s}, [](const Tensors& x) { return gelu(x[0]); }, -5, 5});
  }
  for (const auto& [count, vocabulary, width] :
       std::vector<std::array<Index, 3>>{{0, 3, 4}, {1, 1, 1}, {9, 5, 7}, {20, 13, 8}})
    rows.push_back({"embedding", 2, {{vocabulary, width}}, [list = ids(count, vocabulary)](const Tensors& x) {
                      return embedding(x[0], list);
                    }});
  for (const auto& [count, height, width] :
       std::vector<std::array<Index, 3>>{{0, 3, 4}, {1, 1, 1}, {3, 5, 7}, {9, 5, 8}})
    rows.push_back({"select", 2, {{height, width}}, [list = ids(count, height)](const Tensors& x) {
                      return select(x[0], list);
                    }});
  for (const Shape& s : {Shape{0, 4}, Shape{1, 1}, Shape{3, 1}, Shape{1, 7}, Shape{5, 8}, Shape{4, 19}})
    rows.push_back({"layer_norm", 3, {s, {s[1]}, {s[1]}}, [](const Tensors& x) {
                      return layer_norm(x[0], x[1], x[2]);
                    }});
  for (const auto& [N, K, M] : std::vector<std::array<Index, 3>>{
           {0, 3, 2}, {1, 1, 1}, {5, 7, 3}, {9, 8, 16}, {1, 17, 5}, {40, 3, 1}}) {
    rows.push_back(
        {"linear", 3, {{N, K}, {K, M}, {M}}, [](const Tensors& x) { return linear(x[0], x[1], x[2]); }});
    rows.push_back({"linear", 4, {{N, K}, {K, M}, {M}, {N, M}}, [](const Tensors& x) {
                      return linear(x[0], x[1], x[2], x[3]);
                    }});
  }
  rows.push_back(
      {"linear", 4, {{4, 6}, {6, 6}, {6}}, [](const Tensors& x) { return linear(x[0], x[1], x[2], x[0]); }});
  rows.push_back(attention_row(1, 1, {0, 1}));
  rows.push_back(attention_row(1, 5, {0, 2}));
  rows.push_back(attention_row(2, 6, {0, 1, 8, 8, 16, 25, 65, 66}));  // lengths 1, 7, 0, 8, 9, 40, 1
  rows.push_back(attention_row(3, 27, {0, 17}));
  rows.push_back(tree_attention_row(2, 6, {0, 9, 12, 12, 29, 31, 36},
                                    {0, 4, 7, 2, 19, 0}));  // strings of 9, 7, 7, 19, 21, 5 rows
  rows.push_back(attention_row(4, 4, {0, 33, 40}));
  rows.push_back(attention_row(1, 4, {0, 12}, 12));  // scores of some hundreds
  rows.push_back({"attention_step", 4, {}, nullptr});
  for (double size : {2.0, 700.0}) {
    rows.push_back(cross_entropy_row(1, 1, size));
    rows.push_back(cross_entropy_row(1, 2, size));
    rows.push_back(cross_entropy_row(6, 7, size));
    rows.push_back(cross_entropy_row(5, 8, size));
    rows.push_back(cross_entropy_row(9, 21, size));
  }
  return rows;
}

TEST_CASE("the gradient of every operation agrees with central differences") {
  Rng rng(1, "ops_grad_test");
  for (const Row& row : table()) {
    if (!row.apply) continue;
    for (int repeat = 0; repeat < 3; ++repeat) {
      std::vector<Input> inputs;
      for (const Shape& shape : row.shapes) inputs.push_back(random_input(shape, row.lo, row.hi, rng));
      check_grad(row.op, row.apply, inputs, rng);
    }
  }
}

TEST_CASE("NaN or infinity in the result of any operation reaches the loss and names the operation") {
  const std::map<std::string, std::string> composed{{"mean", "scale"},
                                                    {"reshape", "mul"}};  // what their row ends with
  Rng rng(3, "ops_grad_test");
  for (const Row& row : table()) {
    const bool empty =
        std::any_of(row.shapes.begin(), row.shapes.end(), [](const Shape& s) { return s.size() == 0; });
    if (!row.apply || empty) continue;
    for (const real bad : {std::numeric_limits<real>::quiet_NaN(), std::numeric_limits<real>::infinity(),
                           -std::numeric_limits<real>::infinity()}) {
      Tape tape;
      std::vector<Input> inputs;
      Tensors leaves;
      for (const Shape& shape : row.shapes) inputs.push_back(random_input(shape, row.lo, row.hi, rng));
      std::vector<std::vector<real>> gradients;
      for (Input& input : inputs) gradients.emplace_back(input.values.size());
      for (std::size_t i = 0; i < inputs.size(); ++i)
        leaves.push_back(tape.leaf(inputs[i].shape, inputs[i].values.data(), gradients[i].data()));
      const Tensor out = row.apply(leaves);
      if (out.size() == 0) continue;
      out.data()[rng.below(static_cast<std::uint32_t>(out.size()))] = bad;
      const Tensor loss =
          sum(gelu(out));  // gelu(-infinity) is 0 in the limit: it must not hide what happened
      INFO(row.op << ", " << bad);
      CHECK(!std::isfinite(loss.data()[0]));
      tape.backward(loss);
      const auto name = composed.find(row.op);
      CHECK(tape.first_non_finite() == (name == composed.end() ? row.op : name->second) + ": value");
    }
  }
}

TEST_CASE("every operation declared in ops.h is in the table of gradient checks") {
  std::ifstream header(std::string(BANEL_SOURCE_DIR) + "/tensor/ops.h");
  REQUIRE(header.good());
  const std::string text((std::istreambuf_iterator<char>(header)), {});
  std::set<std::pair<std::string, int>> declared, checked;
  const std::regex declaration(R"(\n\s*Tensor\s+(\w+)\(([^;]*)\)\s*;)");
  for (std::sregex_iterator match(text.begin(), text.end(), declaration), end; match != end; ++match) {
    const std::string parameters = (*match)[2];
    declared.insert(
        {(*match)[1], 1 + static_cast<int>(std::count(parameters.begin(), parameters.end(), ','))});
  }
  for (const Row& row : table()) checked.insert({row.op, row.parameters});
  CHECK(declared.size() >= 16);  // the pattern still matches the header
  for (const auto& op : declared) {
    INFO(op.first << " with " << op.second << " parameters");
    CHECK(checked.contains(op));
  }
  for (const auto& op : checked) {
    INFO(op.first << " with " << op.second << " parameters is not declared");
    CHECK(declared.contains(op));
  }
}

TEST_CASE("attention of strings that share rows equals attention of each whole string row for row") {
  Rng rng(5, "ops_grad_test");
  const std::vector<int> own = {9, 3, 0, 17, 2, 5},
                         shared = {0, 4, 7, 2, 19, 0};  // 9, 4+3, 7+0, 2+17, 19+2, 5 rows
  std::vector<int> offsets = {0}, path;
  for (int n : own) offsets.push_back(offsets.back() + n);
  for (const auto& sizes : std::vector<std::pair<int, int>>{{1, 1}, {1, 7}, {2, 6}, {4, 36}}) {
    const int heads = sizes.first, width = sizes.second;
    Input qkv = random_input({offsets.back(), 3 * width}, -3, 3, rng);
    Tape tape(Record::no);
    const Tensor input = tape.leaf(qkv.shape, qkv.values.data(), nullptr),
                 tree = attention(input, heads, offsets, shared);
    path.clear();
    for (std::size_t b = 0; b < own.size(); ++b) {
      path.resize(static_cast<std::size_t>(shared[b]));
      for (int row = offsets[b]; row < offsets[b + 1]; ++row) path.push_back(row);
      const std::vector<int> length = {0, static_cast<int>(path.size())};
      const Tensor whole = attention(select(input, path), heads, length);
      for (int row = offsets[b]; row < offsets[b + 1]; ++row)
        for (int d = 0; d < width; ++d)
          CHECK(tree.data()[row * width + d] ==
                doctest::Approx(whole.data()[(shared[b] + row - offsets[b]) * width + d]).epsilon(1e-12));
    }
  }
}

TEST_CASE("attention one token at a time equals attention of whole strings row for row") {
  Rng rng(2, "ops_grad_test");
  for (const auto& sizes : std::vector<std::array<int, 3>>{{1, 1, 1}, {1, 5, 7}, {2, 6, 40}, {4, 36, 17}}) {
    const int heads = sizes[0], width = sizes[1], context = sizes[2];
    const std::vector<int> lengths = {context, 1, (context + 1) / 2};
    std::vector<int> offsets = {0};
    for (int length : lengths) offsets.push_back(offsets.back() + length);
    Input qkv = random_input({offsets.back(), 3 * width}, -3, 3, rng);
    Tape tape(Record::no);
    const Tensor whole = attention(tape.leaf(qkv.shape, qkv.values.data(), nullptr), heads, offsets);
    KeyValueCache cache(4, heads, width, context);
    double largest = 0;
    for (int t = 0; t < context; ++t) {
      std::vector<int> slots, rows;
      std::vector<real> step;
      for (int b = 2; b >= 0; --b) {
        if (t >= lengths[static_cast<std::size_t>(b)]) continue;
        slots.push_back(3 - b);
        rows.push_back(offsets[static_cast<std::size_t>(b)] + t);
        const auto row = qkv.values.begin() + rows.back() * 3 * width;
        step.insert(step.end(), row, row + 3 * width);
      }
      const Tensor out = attention_step(
          tape.leaf({static_cast<Index>(rows.size()), 3 * width}, step.data(), nullptr), cache, slots, t);
      for (std::size_t n = 0; n < rows.size(); ++n)
        for (int d = 0; d < width; ++d)
          largest = std::max(largest, std::abs(out.data()[static_cast<int>(n) * width + d] -
                                               whole.data()[rows[n] * width + d]));
    }
    INFO(heads << " heads, width " << width << ", context " << context);
    CHECK(largest < 1e-12);
  }
}

}  // namespace
}  // namespace banel
