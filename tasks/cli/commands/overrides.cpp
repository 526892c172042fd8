#include "tasks/cli/commands/overrides.h"

#include <algorithm>

#include "tasks/base/words.h"
#include "tensor/check.h"

namespace banel {

namespace {

const Setting* find(const std::vector<Setting>& settings, const std::string& key) {
  const auto found = std::ranges::find(settings, key, &Setting::key);
  return found == settings.end() ? nullptr : &*found;
}

bool take_prefix(std::string& key, const std::string& prefix) {
  if (!key.starts_with(prefix)) return false;
  key.erase(0, prefix.size());
  return true;
}

void add_keys(Words& keys, const std::vector<Setting>& settings) {
  for (const Setting& s : settings) keys.push_back(s.key);
}

}  // namespace

Overrides overrides(const Words& set, const std::vector<Setting>& of_task) {
  const std::vector<Setting>& of_method = method_settings();
  Overrides all;
  for (const std::string& word : set) {
    auto [key, text] = key_and_value(word);
    const bool method_only = take_prefix(key, "method."),
               task_only = !method_only && take_prefix(key, "task.");
    const Setting* const task = method_only ? nullptr : find(of_task, key);
    const Setting* const method = task_only ? nullptr : find(of_method, key);
    ENSURE(!task || !method, "--set",
           key << " is a setting of the task and of methods; write task." << word << " or method." << word);
    Words known;
    if (!method_only) add_keys(known, of_task);
    if (!task_only) add_keys(known, of_method);
    ENSURE(task || method, "--set",
           in_quotes(key) << " is no setting of "
                          << (method_only ? "a method"
                              : task_only ? "the task"
                                          : "the task or of a method")
                          << did_you_mean(key, known));
    const bool fresh =
        (task ? all.task : all.method).emplace(key, (task ? task : method)->parse(text)).second;
    ENSURE(fresh, "--set", key << " is given twice");
  }
  return all;
}

}  // namespace banel
