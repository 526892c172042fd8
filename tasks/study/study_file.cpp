// Study files: from TOML to a Study, everything checked against the registry before anything is created.
#include <algorithm>
#include <limits>

#include "tasks/base/text.h"
#include "tasks/base/toml.h"
#include "tasks/base/words.h"
#include "tasks/report/figures/figures.h"
#include "tasks/study/plan.h"
#include "tasks/study/study.h"
#include "tasks/study/toml_parts.h"
#include "tensor/check.h"
#include "tensor/parallel.h"

namespace banel {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t most = 10'000'000, most_samples = 1'000'000'000,
                       most_seeds = std::numeric_limits<std::int32_t>::max();
constexpr std::size_t most_variants = 1000;
constexpr double most_attacks = 1e6;  // all of them are listed in memory

// Reads one file. Keys of the table [quick] take the place of those of the file.
class StudyReader {
 public:
  // in_run: its canary, if it is a file, need not be there.
  StudyReader(const TomlValue& file, const Registry& registry, bool quick, bool in_run)
      : file_(file), registry_(registry), quick_(quick), in_run_(in_run) {}

  Study read() {
    const std::vector<std::string> changed{
        "settings", "instances",        "seeds",  "budget",  "samples", "base_samples", "show",
        "seconds",  "instance_seconds", "canary", "halving", "panels",  "variants"};
    std::vector<std::string> keys{"title", "sentence", "task",   "results",
                                  "quick", "ranking",  "quoted", "hashes"};
    keys.insert(keys.end(), changed.begin(), changed.end());
    file_.allow(keys);
    if (const TomlValue* quick = file_.find("quick"); quick && quick->is_table()) {
      quick->allow(changed);
      if (quick_) overrides_ = quick;
    } else if (quick) {
      study_.quick = quick->flag();  // a copy in a run folder says so; its settings are changed already
    }
    words();
    amounts();
    if (const TomlValue* toml = find("halving")) halving(*toml);
    panels();
    variants();
    check_size();
    if (quick_) study_.quick = true;
    return study_;
  }

 private:
  const TomlValue* find(const char* key) const {
    if (overrides_)
      if (const TomlValue* toml = overrides_->find(key)) return toml;
    return file_.find(key);
  }

  void words();
  void amounts();
  void halving(const TomlValue&);
  void panels();
  void panel(const std::string& name, const TomlValue* toml);
  void variants();
  void variant(const TomlValue&);
  void check_size();
  void check_tasks();  // whether they have the screens that methods name, and samples if they are wanted

  template <class Use>
  void for_settings(const TomlValue& table, const std::vector<std::string>& others, const Use& use) const {
    for (const auto& [key, value] : table.entries())
      if (std::find(others.begin(), others.end(), key) == others.end()) use(key, value);
  }

  const TomlValue& file_;
  const TomlValue* overrides_ = nullptr;
  const Registry& registry_;
  const bool quick_, in_run_;
  std::string task_;                            // of panels without a task of their own
  std::vector<std::uint64_t> instances_ = {1};  // likewise
  Study study_;
};

void StudyReader::words() {
  study_.title = file_["title"].name();
  task_ = checked(file_["task"], [&] { return registry_.task(file_["task"].name()).name; });
  if (const TomlValue* toml = file_.find("sentence")) study_.sentence = toml->name();
  if (const TomlValue* toml = file_.find("results")) study_.results = toml->flag();
  if (const TomlValue* toml = find("canary")) {
    study_.canary = toml->name();
    if (!in_run_ && !is_built_in(study_.canary) && !fs::exists(study_.canary))
      toml->refuse("is neither a study nor a file" + did_you_mean(study_.canary, study_names()));
  }
  if (const TomlValue* toml = file_.find("hashes"))
    for (const auto& [core, hash] : toml->entries()) {
      if (core.empty()) hash.refuse("its key is empty; name the OpenBLAS core type of this hash");
      study_.hashes[core] = hash.name();
    }
  if (const TomlValue* toml = find("show"))
    for (const TomlValue& item : toml->items()) {
      const std::string& show = item.name();
      if (const std::string why = why_no_figure(show); !why.empty()) item.refuse(why);
      study_.show.push_back(show);
    }
  if (const TomlValue* toml = file_.find("quoted")) {
    toml->allow({"label", "x", "factors"});
    QuotedCurve& quoted = study_.quoted.emplace();
    quoted.label = (*toml)["label"].name();
    for (const TomlValue& x : (*toml)["x"].items()) quoted.x.push_back(x.number(0, most_double));
    for (const TomlValue& y : (*toml)["factors"].items()) quoted.factors.push_back(y.number(0, most_double));
    if (quoted.x.size() != quoted.factors.size()) toml->refuse("needs as many factors as x");
  }
}

void StudyReader::amounts() {
  if (const TomlValue* toml = find("instances")) instances_ = numbers(*toml, most_instances);
  if (const TomlValue* toml = find("seeds")) study_.seeds = numbers(*toml, most_seeds);
  if (const TomlValue* toml = find("budget")) study_.budget = toml->integer(1, most);
  if (const TomlValue* toml = find("samples"))
    study_.samples = static_cast<std::size_t>(toml->integer(100, most));
  if (const TomlValue* toml = find("ranking")) study_.ranking = toml->flag();
  if (const TomlValue* toml = find("base_samples"))
    study_.base_samples = static_cast<std::size_t>(toml->integer(100, most_samples));
  if (const TomlValue* toml = find("seconds")) study_.seconds = toml->number(0, 1e9);
  if (const TomlValue* toml = find("instance_seconds")) study_.instance_seconds = toml->number(0, 1e9);
}

void StudyReader::halving(const TomlValue& toml) {
  toml.allow({"configurations", "budgets", "keep", "seed"});
  Halving& h = study_.halving.emplace();
  h.configurations = static_cast<int>(toml["configurations"].integer(2, 10'000));
  for (const TomlValue& budget : toml["budgets"].items())
    h.budgets.push_back(budget.integer(h.budgets.empty() ? 1 : h.budgets.back() + 1, most));
  if (h.budgets.empty()) toml["budgets"].refuse("is empty");
  if (const TomlValue* keep = toml.find("keep")) h.keep = static_cast<int>(keep->integer(2, 1000));
  if (const TomlValue* seed = toml.find("seed"))
    h.seed = static_cast<std::uint64_t>(seed->integer(0, std::numeric_limits<std::int64_t>::max()));
  if (const TomlValue* budget = find("budget"))
    budget->refuse("has no effect with [halving], whose budgets are those of the attacks");
}

void StudyReader::panels() {
  const TomlValue* panels = find("panels");
  if (!panels) return panel("", find("settings"));
  for (const TomlValue& toml : panels->items()) panel(toml["name"].name(), &toml);
  if (study_.panels.empty()) panels->refuse("is empty");
  checked(*panels, [&] { return check_folders("panels", study_.panels), 0; });
}

// Settings of the file, if they are of the panel's task, then those of the panel; of a quick run the task's,
// unless [quick] has settings, then [panels.quick].
void StudyReader::panel(const std::string& name, const TomlValue* toml) {
  Panel panel{name, task_, instances_};
  const TomlValue* common = find("settings");
  const TomlValue* own = toml == common ? nullptr : toml;
  if (const TomlValue* task = own ? own->find("task") : nullptr)
    panel.task = checked(*task, [&] { return registry_.task(task->name()).name; });
  if (const TomlValue* list = own ? own->find("instances") : nullptr)
    panel.instances = numbers(*list, most_instances);
  const TaskEntry& entry = registry_.task(panel.task);
  const auto add = [&](const TomlValue& table, const std::vector<std::string>& others) {
    for_settings(table, others, [&](const std::string& key, const TomlValue& value) {
      checked(value, [&] { return completed(entry.settings, {{key, setting_value(value)}}, entry.name); });
      panel.settings.insert_or_assign(key, setting_value(value));
    });
  };
  if (common && panel.task == task_) add(*common, {});
  if (own) add(*own, {"name", "task", "instances", "quick"});
  if (quick_ && !(overrides_ && overrides_->find("settings")))
    for (const auto& [key, value] : entry.quick) panel.settings.insert_or_assign(key, value);
  if (const TomlValue* quick = own ? own->find("quick") : nullptr) {
    const Values before = panel.settings;
    add(*quick, {});
    if (!quick_) panel.settings = before;
  }
  const Values values = completed(entry.settings, panel.settings, entry.name);
  for (const std::uint64_t instance : panel.instances)
    checked(toml ? *toml : file_["task"], [&] {
      check_stop();  // there may be very many
      return entry.make(values, instance) != nullptr;
    });
  study_.panels.push_back(std::move(panel));
}

void StudyReader::variants() {
  const TomlValue* toml = find("variants");
  if (!toml) file_["variants"].refuse("is missing");
  for (const TomlValue& item : toml->items()) variant(item);
  if (study_.variants.empty()) toml->refuse("is empty");
  checked(*toml, [&] { return check_folders("variants", study_.variants), check_tasks(), 0; });
  const bool tuned = std::any_of(study_.variants.begin(), study_.variants.end(),
                                 [](const Variant& v) { return !v.ranges.empty(); });
  if (tuned != study_.halving.has_value())
    toml->refuse("[halving] and the `ranges` of a variant belong together: one of the two is missing");
  for (const Variant& v : study_.variants)
    for (const Variant& other : study_.variants)
      if (!v.ranges.empty() && other.name.starts_with(v.name + " #"))
        toml->refuse("the name \"" + other.name + "\" looks like a configuration of \"" + v.name +
                     "\"; choose another one");
}

void StudyReader::check_size() {
  const double attacks = static_cast<double>(study_.variants.size()) *
                         (study_.halving ? study_.halving->configurations : 1) *
                         static_cast<double>(instance_count(study_) * study_.seeds.size());
  if (attacks > most_attacks)
    find("variants")
        ->refuse("would make " + grouped(static_cast<std::int64_t>(attacks)) +
                 " attacks; a study has at most 1,000,000: take fewer variants, instances or seeds");
}

void StudyReader::check_tasks() {
  for (const Panel& panel : study_.panels) {
    const TaskEntry& kind = registry_.task(panel.task);
    const auto task = kind.make(completed(kind.settings, panel.settings, kind.name), panel.instances.front());
    if (const TomlValue* toml = find("samples"))
      checked(*toml, [&] { return reading_samples(*task, study_.samples); });
    for (const Variant& v : study_.variants) {
      Values values = method_values(study_, v);
      adapted(registry_.method(v.method), *task, values);
      if (const auto tuned = v.ranges.find("screen"); tuned != v.ranges.end())
        for (const Value& choice : tuned->second.choices) {
          values.insert_or_assign("screen", choice);
          adapted(registry_.method(v.method), *task, values);
        }
    }
  }
}

void StudyReader::variant(const TomlValue& toml) {
  const TomlValue& method_name = toml.is_text() ? toml : toml["method"];
  const Method method = checked(method_name, [&] { return registry_.method(method_name.name()); });
  const auto check = [&](const std::string& key, const TomlValue& place, const Value& value) {
    checked(place, [&] {
      Method copy = method;
      set(copy, key, value);
      return 0;
    });
  };
  Variant first{method.name, method.name};
  if (toml.is_text()) return study_.variants.push_back(first);
  if (const TomlValue* name = toml.find("name")) first.name = name->name();
  if (const TomlValue* ranges = toml.find("ranges"))
    for (const auto& [key, value] : ranges->entries()) {
      const Range& range = first.ranges[key] = range_of(value);
      for (const Value& choice : range.choices) check(key, value, choice);
      if (range.choices.empty()) check(key, value, range.low), check(key, value, range.high);
      if (key == "budget") value.refuse("budgets are those of [halving]");
    }
  std::vector<Variant> made{first};
  for_settings(
      toml, {"name", "method", "ranges", "quick"}, [&](const std::string& key, const TomlValue& value) {
        std::vector<Variant> each;
        if (value.is_array() && study_.variants.size() + made.size() * value.items().size() > most_variants)
          value.refuse("makes more than 1,000 variants with the lists before it; name fewer values");
        for (const Variant& v : made) {
          const auto add = [&](const TomlValue& place, bool named) {
            check(key, place, setting_value(place));
            Variant& variant = each.emplace_back(v);
            variant.settings.insert_or_assign(key, setting_value(place));
            if (named) variant.name += ", " + key + ' ' + setting_value(place).shown();
          };
          if (!value.is_array())
            add(value, false);
          else
            for (const TomlValue& choice : value.items()) add(choice, true);
        }
        if (each.empty()) value.refuse("is empty");
        made = std::move(each);
      });
  if (const TomlValue* quick = toml.find("quick"))
    for (const auto& [key, value] : quick->entries()) {
      check(key, value, setting_value(value));
      if (quick_)
        for (Variant& v : made) v.settings.insert_or_assign(key, setting_value(value));
    }
  study_.variants.insert(study_.variants.end(), made.begin(), made.end());
}

bool is_in_run(const fs::path& file) { return file.filename() == "study.toml" && file.has_parent_path(); }

}  // namespace

Study parse_study(std::string_view toml, std::string_view where, const Registry& registry, bool quick) {
  const TomlValue file = parse_toml(toml, where);
  const fs::path path = where;
  const bool in_run = is_in_run(path);
  // Both parts are checked, whichever is asked for.
  Study other = StudyReader(file, registry, !quick, in_run).read();
  Study study = StudyReader(file, registry, quick, in_run).read();
  study.name = in_run ? path.parent_path().filename().string() : path.stem().string();
  return study;
}

}  // namespace banel
