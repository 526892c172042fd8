// A task and a method of one's own in the whole command line: multiples study multiples.toml
#include "banel/generators/tabular.h"
#include "tasks/cli/program.h"
using namespace banel;

std::vector<Attempt> numbers() {
  std::vector<Attempt> texts;
  for (int i = 1; i <= 2000; ++i) texts.push_back(std::to_string(i));
  return texts;
}

struct Multiples : Task {  // the prior draws one of 1 to 2000; a multiple of the divisor is a success
  explicit Multiples(int d) : divisor(d) {}
  std::string title() const override { return "multiples of " + std::to_string(divisor); }
  void open(const std::filesystem::path&, Access, ProgressMode) override {}
  std::string fingerprint() const override { return title() + ", judge 1"; }  // another judge: 2
  const Generator& prior() const override { return table; }
  Judge judge() const override {
    return [d = divisor](std::span<const Attempt> attempts) {
      std::vector<Verdict> verdicts;
      for (const Attempt& x : attempts)
        verdicts.push_back({.reward = std::stoi(x) % d ? Reward::failure : Reward::success});
      return verdicts;
    };
  }
  int divisor;
  TabularGenerator table{numbers(), std::vector<double>(2000, 1.0), 100};
};

int main(int argc, char** argv) {
  return command_line(argc, argv, [](Registry& all) {
    const auto make = [](const Values& values, std::uint64_t) {
      return std::make_unique<Multiples>(static_cast<int>(values.at("divisor").number()));
    };
    all.tasks.push_back(
        {"multiples", "numbers that a divisor divides", {{"divisor", 2, 1000, 97}}, {}, make});
    all.methods.push_back(variant("mine", all.method("banel"), {{"f", 8}}));
  });
}
