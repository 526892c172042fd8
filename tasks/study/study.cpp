#include "tasks/study/study.h"

#include <algorithm>
#include <cctype>

#include "nn/io/file.h"
#include "tasks/base/embedded.h"
#include "tasks/base/text.h"
#include "tasks/base/toml.h"
#include "tasks/base/words.h"
#include "tensor/check.h"

namespace banel {

extern const std::span<const EmbeddedFile> study_files;  // tasks/studies, made by embed.cmake

namespace fs = std::filesystem;

namespace {

std::string toml_of(const Value& value) {
  return value.is_number() ? shortest(value.number()) : toml_string(value.text());
}

template <class Items, class Text>
std::string toml_array(const Items& items, const Text& text) {
  return '[' + listed(items, text) + ']';
}

std::string lines_of(const Values& values) {
  std::string lines;
  for (const auto& [key, value] : values) lines += key + " = " + toml_of(value) + '\n';
  return lines;
}

std::string toml_of(const Range& r) {
  if (!r.choices.empty()) return toml_array(r.choices, [](const Value& v) { return toml_of(v); });
  return "{low = " + shortest(r.low) + ", high = " + shortest(r.high) + (r.log ? ", log = true}" : "}");
}

std::string toml_of(const Halving& h) {
  return "\n[halving]\nconfigurations = " + std::to_string(h.configurations) +
         "\nbudgets = " + toml_array(h.budgets, [](std::int64_t b) { return std::to_string(b); }) +
         "\nkeep = " + std::to_string(h.keep) + "\nseed = " + std::to_string(h.seed) + '\n';
}

std::string toml_of(const Variant& v) {
  std::string text = "\n[[variants]]\nname = " + toml_string(v.name) + "\nmethod = " + toml_string(v.method) +
                     '\n' + lines_of(v.settings);
  if (!v.ranges.empty()) text += "[variants.ranges]\n";
  for (const auto& [key, range] : v.ranges) text += key + " = " + toml_of(range) + '\n';
  return text;
}

// The parts that were named, in the order of the study; each name is looked up by find(name) -> part.
template <class Part, class Name, class Find>
void keep_named(std::vector<Part>& parts, const std::vector<Name>& names, const Find& find) {
  if (names.empty()) return;
  std::vector<Part> kept;
  for (const Name& name : names) {
    kept.push_back(find(name));
    ENSURE(std::count(kept.begin(), kept.end(), kept.back()) == 1, "study", name << " is named twice");
  }
  parts = std::move(kept);
}

template <class Part>
const Part* named(const std::vector<Part>& parts, const std::string& name) {
  const auto found = std::find_if(parts.begin(), parts.end(), [&](const Part& part) {
    return part.name == name || path_name(part.name) == name;
  });
  return found == parts.end() ? nullptr : &*found;
}

std::vector<std::string> setting_keys(const std::vector<Setting>& settings) {
  std::vector<std::string> keys;
  for (const Setting& s : settings) keys.push_back(s.key);
  return keys;
}

const Setting* setting(const std::vector<Setting>& settings, const std::string& key) {
  const auto found =
      std::find_if(settings.begin(), settings.end(), [&](const Setting& s) { return s.key == key; });
  return found == settings.end() ? nullptr : &*found;
}

// The value of a method's setting, checked. A text is read as the setting says, the screen's as it is.
Value method_value(const Method& method, const std::string& key, const std::string& text) {
  const std::vector<Setting> settings = settings_of(method);
  const Setting* found = setting(settings, key);
  Value value = key == "screen" || !found ? Value(text) : found->parse(text);
  Method copy = method;
  set(copy, key, value);
  return value;
}

bool change_amount(Study& study, const std::string& key, const std::string& text) {
  const auto whole = [&](double lowest, double highest) {
    return Setting(key, static_cast<std::int64_t>(lowest), static_cast<std::int64_t>(highest), 1)
        .parse(text)
        .number();
  };
  if (key == "samples") study.samples = static_cast<std::size_t>(whole(100, 1e7));
  if (key == "base_samples") study.base_samples = static_cast<std::size_t>(whole(100, 1e9));
  if (key == "budget") {
    ENSURE(!study.halving, key, "has no effect with [halving], whose budgets are those of the attacks");
    study.budget = static_cast<std::int64_t>(whole(1, 1e7));
    for (Variant& v : study.variants) v.settings.erase(key);
  }
  return key == "samples" || key == "base_samples" || key == "budget";
}

}  // namespace

bool Study::operator==(const Study& other) const {
  return name == other.name && to_toml(*this) == to_toml(other);
}

std::string to_toml(const Study& s) {
  const auto text = [](const std::string& t) { return toml_string(t); };
  const auto number = [](std::uint64_t n) { return std::to_string(n); };
  const Panel& first = s.panels.front();
  std::string toml =
      "title = " + text(s.title) + "\ntask = " + text(first.task) +
      "\ninstances = " + toml_array(first.instances, number) + "\nseeds = " + toml_array(s.seeds, number) +
      "\nbase_samples = " + number(s.base_samples) + "\nshow = " + toml_array(s.show, text) + '\n';
  if (!s.sentence.empty()) toml += "sentence = " + text(s.sentence) + '\n';
  if (!s.canary.empty()) toml += "canary = " + text(s.canary) + '\n';
  if (s.budget) toml += "budget = " + std::to_string(s.budget) + '\n';
  if (s.samples) toml += "samples = " + number(s.samples) + '\n';
  if (s.ranking) toml += "ranking = true\n";
  if (s.seconds > 0) toml += "seconds = " + shortest(s.seconds) + '\n';
  if (s.instance_seconds > 0) toml += "instance_seconds = " + shortest(s.instance_seconds) + '\n';
  if (s.results) toml += "results = true\n";
  if (s.quick) toml += "quick = true\n";
  if (s.panels.size() == 1 && first.name.empty())
    toml += "\n[settings]\n" + lines_of(first.settings);
  else
    for (const Panel& p : s.panels) {
      toml += "\n[[panels]]\nname = " + text(p.name) + '\n';
      if (p.task != first.task) toml += "task = " + text(p.task) + '\n';
      if (p.instances != first.instances) toml += "instances = " + toml_array(p.instances, number) + '\n';
      toml += lines_of(p.settings);
    }
  for (const Variant& v : s.variants) toml += toml_of(v);
  if (s.halving) toml += toml_of(*s.halving);
  if (s.quoted)
    toml += "\n[quoted]\nlabel = " + text(s.quoted->label) + "\nx = " + toml_array(s.quoted->x, shortest) +
            "\nfactors = " + toml_array(s.quoted->factors, shortest) + '\n';
  if (!s.hashes.empty()) toml += "\n[hashes]\n";
  for (const auto& [core, hash] : s.hashes) toml += text(core) + " = " + text(hash) + '\n';
  return toml;
}

void change(Study& study, const Registry& registry, const std::string& assignment) {
  const auto [key, text] = key_and_value(assignment);
  if (change_amount(study, key, text)) return;
  std::vector<std::string> keys;
  bool used = false;
  for (Panel& panel : study.panels) {
    const TaskEntry& entry = registry.task(panel.task);
    if (const Setting* found = setting(entry.settings, key)) {
      panel.settings.insert_or_assign(key, found->parse(text));
      used = true;
    }
    for (const std::string& known : setting_keys(entry.settings)) keys.push_back(known);
  }
  if (used) return;
  const std::size_t dot = key.rfind('.');
  const std::string of = dot == key.npos ? "" : key.substr(0, dot), name = key.substr(dot + 1);
  for (Variant& v : study.variants) {
    const Method& method = registry.method(v.method);
    keys.insert(keys.end(), method.uses.begin(), method.uses.end());
    const bool meant = dot != key.npos
                           ? of == v.name || of == path_name(v.name)
                           : std::find(method.uses.begin(), method.uses.end(), name) != method.uses.end();
    if (!meant) continue;
    v.settings.insert_or_assign(name, method_value(method, name, text));
    used = true;
  }
  ENSURE(used, "--set " + assignment,
         "neither the task " << study.panels.front().task << " nor a variant of this study has such a setting"
                             << did_you_mean(name, keys));
}

void change_all(Study& study, const Registry& registry, std::vector<std::string> assignments) {
  std::ranges::stable_partition(assignments, [](const std::string& assignment) {
    return key_and_value(assignment).first.find('.') == std::string::npos;
  });
  for (const std::string& assignment : assignments) change(study, registry, assignment);
}

void select(Study& study, const Registry& registry, const Selection& chosen) {
  const auto number = [](std::uint64_t n) { return n; };
  for (Panel& panel : study.panels) keep_named(panel.instances, chosen.instances, number);
  keep_named(study.seeds, chosen.seeds, number);
  keep_named(study.panels, chosen.panels, [&](const std::string& name) {
    std::vector<std::string> names;
    for (const Panel& p : study.panels) names.push_back(p.name);
    const Panel* found = named(study.panels, name);
    ENSURE(found, "study", in_quotes(name) << " is no panel of it" << did_you_mean(name, names));
    return *found;
  });
  keep_named(study.variants, chosen.variants, [&](const std::string& name) {
    if (const Variant* found = named(study.variants, name)) return *found;
    return Variant{name, registry.method(name).name};
  });
}

std::size_t instance_count(const Study& study) {
  std::size_t count = 0;
  for (const Panel& panel : study.panels) count += panel.instances.size();
  return count;
}

Values method_values(const Study& study, const Variant& variant) {
  Values values = variant.settings;
  if (study.budget) values.try_emplace("budget", study.budget);
  return values;
}

std::string path_name(std::string_view name) {
  std::string path;
  for (const char c : name) {
    const bool stays = std::isalnum(static_cast<unsigned char>(c)) || c == '_' || (c == '.' && !path.empty());
    if (stays)
      path += c;
    else if (!path.empty() && path.back() != '-')
      path += '-';
  }
  while (!path.empty() && path.back() == '-') path.pop_back();
  return path;
}

Study read_study(const std::string& name, const Registry& registry, bool quick) {
  for (const EmbeddedFile& file : study_files)
    if (file.name == name + ".toml") return parse_study(file.bytes, file.name, registry, quick);
  const fs::path path = name;
  if (fs::exists(path / "study.toml")) return read_run(path, registry, quick);
  if (!fs::exists(path) || fs::is_directory(path)) {
    throw UsageError("study", in_quotes(name) + " is neither a study nor a file" +
                                  did_you_mean(name, study_names()) + "; the studies are " +
                                  listed(study_names()));
  }
  return parse_study(read_file(path), path.string(), registry, quick);
}

Study read_run(const fs::path& folder, const Registry& registry, bool quick) {
  const fs::path file = folder / "study.toml";
  ENSURE_AS(fs::exists(file), InputError, file.string(),
            "is missing; name the folder of a run, or restore the file from a copy");
  const fs::path whole = fs::weakly_canonical(folder) / "study.toml";  // names the study, even of "."
  return parse_study(read_file(file), whole.string(), registry, quick);
}

bool is_built_in(const std::string& name) {
  return std::ranges::any_of(study_files,
                             [&](const EmbeddedFile& file) { return file.name == name + ".toml"; });
}

std::vector<std::string> study_names() {
  std::vector<std::string> names;
  for (const EmbeddedFile& file : study_files) names.push_back(fs::path(file.name).stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace banel
