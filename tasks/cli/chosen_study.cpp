#include "tasks/cli/chosen_study.h"

#include <algorithm>
#include <cmath>

#include "tasks/base/words.h"
#include "tasks/cli/overrides.h"
#include "tensor/check.h"

namespace banel {

namespace {

// Keeps the variants with these names, in the order of the study. A name may hold a comma; a list of names, too.
void keep_variants(Study& study, const Words& given) {
  Words known;
  for (const Variant& v : study.variants) known.push_back(v.name);
  const auto is_known = [&](const std::string& name) { return std::ranges::find(known, name) != known.end(); };
  Words wanted;
  for (const std::string& word : given)
    for (const std::string& name : is_known(word) ? Words{word} : split_at_commas({word})) {
      std::string all;
      for (const std::string& k : known) all += (all.empty() ? "" : ", ") + k;
      ENSURE(is_known(name), "--variants",
             in_quotes(name) << " is no variant of this study" << did_you_mean(name, known) << "; it has " << all);
      wanted.push_back(name);
    }
  std::erase_if(study.variants, [&](const Variant& v) { return std::ranges::find(wanted, v.name) == wanted.end(); });
}

bool uses(const Method& method, const std::string& key) {
  return std::ranges::find(method.uses, key) != method.uses.end();
}

void set(Study& study, const Overrides& given, const Registry& all) {
  for (Panel& panel : study.panels)
    for (const auto& [key, value] : given.task) panel.settings.insert_or_assign(key, value);
  for (const auto& [key, value] : given.method) {
    bool used = false;
    for (Variant& variant : study.variants) {
      if (!uses(all.method(variant.method), key)) continue;
      variant.settings.insert_or_assign(key, value);
      used = true;
    }
    ENSURE(used, "--set", key << " has no effect on any variant of this study");
  }
}

}  // namespace

void StudyChoice::add_to(Command& command) {
  command.flag("--quick", quick, "the study's shorter form: a check that all works, not a result");
  command.list("--variants", variants, "A,B", "only these variants");
  command.option("--seeds", seeds, "attack seeds 1..N of every variant", 1, 1000).default_text("the study's");
  command.list("--instances", instances, "1,2", "these instances of the task, such as seeds of targets");
  command.list("--set", set, "KEY=VALUE", std::string(set_help) + "; it holds wherever it is used");
}

Study chosen_study(const StudyChoice& choice, const Registry& all) {
  Study study = read_study(choice.name, all, choice.quick);
  if (!choice.variants.empty()) keep_variants(study, choice.variants);
  if (!choice.instances.empty()) {
    const auto numbers = whole_numbers("--instances", choice.instances, 0, 1'000'000);
    study.instances.assign(numbers.begin(), numbers.end());
  }
  if (choice.seeds) study.seeds = choice.seeds;
  set(study, overrides(choice.set, all.task(study.task).settings), all);
  return study;
}

std::size_t attacks_of(const Study& study) {
  return study.panels.size() * study.instances.size() * study.variants.size() * static_cast<std::size_t>(study.seeds);
}

std::string expected_time(const Study& study, std::size_t attacks, int side_by_side) {
  if (study.seconds <= 0) return "";
  const double rows = std::ceil(static_cast<double>(attacks) / side_by_side), seconds = rows * study.seconds;
  const auto amount = [](double number, const char* unit) {
    const auto whole = std::max<std::int64_t>(1, std::llround(number));
    return "about " + std::to_string(whole) + " " + unit + (whole == 1 ? "" : "s");
  };
  if (seconds < 90) return amount(seconds, "second");
  return seconds < 5400 ? amount(seconds / 60, "minute") : amount(seconds / 3600, "hour");
}

}  // namespace banel
