#include "tasks/run/registry.h"

#include <algorithm>

#include "tasks/base/text.h"
#include "tasks/base/words.h"
#include "tensor/check.h"

namespace banel {

namespace {

template <class Entry>
const Entry& named(const std::vector<Entry>& entries, const std::string& name, const char* kind) {
  std::vector<std::string> names;
  for (const Entry& e : entries) {
    if (e.name == name) return e;
    names.push_back(e.name);
  }
  throw UsageError(
      kind, in_quotes(name) + " is unknown" + did_you_mean(name, names) + "; there are " + listed(names));
}

}  // namespace

const Method& Registry::method(const std::string& name) const { return named(methods, name, "method"); }

const TaskEntry& Registry::task(const std::string& name) const { return named(tasks, name, "task"); }

Method adapted(const Method& method, const Task& task, const Values& values) {
  Method m = method;
  task.adapt(m);
  set(m, values);
  if (m.screen == "none") {
    m.settings.screened = false;
  } else if (m.screen != "known") {
    const std::vector<TaskScreen> screens = task.screens();
    std::string names = "none, known";
    for (const TaskScreen& s : screens) names += ", " + s.name;
    ENSURE(
        std::any_of(screens.begin(), screens.end(), [&](const TaskScreen& s) { return s.name == m.screen; }),
        "screen", in_quotes(m.screen) << " is no screen of this task; it has " << names);
  }
  validate(m.settings);
  return m;
}

Screen screen_of(const Task& task, const Method& method) {
  std::vector<Screen> used;
  for (const TaskScreen& s : task.screens())
    if (!s.prior_knowledge || s.name == method.screen) used.push_back(s.may_succeed);
  return joined(std::move(used));
}

}  // namespace banel
