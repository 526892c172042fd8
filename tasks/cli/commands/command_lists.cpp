// `banel methods` and `banel tasks`: what the program knows, and the settings of each.
#include <algorithm>
#include <iostream>

#include "tasks/cli/commands.h"

namespace banel {

namespace {

// The text after `line`, in as many lines as it needs.
void print_wrapped(std::string line, const std::string& text) {
  constexpr std::size_t columns = 80;
  const std::size_t start = line.size();
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    if (line.size() > start && line.size() + (end - at) > columns) {
      std::cout << line << '\n';
      line = std::string(start, ' ');
    }
    line += (line.size() > start ? " " : "") + text.substr(at, end - at);
    at = end + 1;
  }
  std::cout << line << '\n';
}

void print_entry(const std::string& name, std::size_t width, const std::string& sentence) {
  print_wrapped("  " + name + std::string(width - name.size() + 2, ' '), sentence);
}

// What is said of an entry beyond its sentence.
std::string remark(const Method& m) { return m.trains_on_rewarded ? "; trains on rewarded strings" : ""; }
std::string remark(const TaskEntry&) { return {}; }

template <class Entry>
void print_entries(const std::vector<Entry>& entries) {
  std::size_t width = 0;
  for (const Entry& e : entries) width = std::max(width, e.name.size());
  for (const Entry& e : entries) print_entry(e.name, width, e.sentence + remark(e));
}

std::string described(const Setting& s, const Values& quick) {
  const auto changed = quick.find(s.key);
  return s.sentence + " [" + s.range() + (s.unit.empty() ? "" : " " + s.unit) + "; default " +
         s.value.shown() + (changed == quick.end() ? "" : ", quick " + changed->second.shown()) + "]";
}

void print_settings(const std::string& name, const std::string& sentence,
                    const std::vector<Setting>& settings, const Values& quick) {
  std::size_t width = 0;
  for (const Setting& s : settings) width = std::max(width, s.key.size());
  print_wrapped("", name + ": " + sentence);
  if (settings.empty()) return;
  std::cout << "\nSettings (--set KEY=VALUE):\n";
  for (const Setting& s : settings) print_entry(s.key, width, described(s, quick));
}

Json to_json(const Setting& s) {
  Json json{{"key", s.key}, {"default", to_json(s.value)}, {"sentence", s.sentence}, {"unit", s.unit}};
  if (s.value.is_number()) json["range"] = {s.lowest, s.highest};
  if (!s.choices.empty()) json["choices"] = s.choices;
  return json;
}

void add_flags(Json& json, const Method& m) { json["trains_on_rewarded"] = m.trains_on_rewarded; }
void add_flags(Json&, const TaskEntry&) {}

template <class Entry>
Json to_json(const Entry& entry, const std::vector<Setting>& settings) {
  Json json{{"name", entry.name}, {"sentence", entry.sentence}, {"settings", Json::array()}};
  add_flags(json, entry);
  for (const Setting& s : settings) json["settings"].push_back(to_json(s));
  return json;
}

// One of the two commands. settings(entry) and quick(entry) are what it lists of an entry.
template <class Entry, class Settings, class Quick>
void declare_list(Session& session, const char* name, const char* sentence, const std::vector<Entry>& entries,
                  const Entry& (Registry::*find)(const std::string&) const, Settings settings, Quick quick,
                  const char* next) {
  struct ListArguments {
    std::string name;
    bool json = false;
  };
  auto o = std::make_shared<ListArguments>();
  Command& command = session.program.command(name, sentence);
  command.positional("name", o->name, "the settings of this one, with range and default").optional();
  add_json(command, o->json);
  command.action([=, &session, &entries] {
    const Entry* const one = o->name.empty() ? nullptr : &(session.all.*find)(o->name);
    if (o->json) {
      Json all = Json::array();
      for (const Entry& e : entries)
        if (!one || one == &e) all.push_back(to_json(e, settings(e)));
      return print(one ? all[0] : all);
    }
    if (one) return print_settings(one->name, one->sentence + remark(*one), settings(*one), quick(*one));
    print_entries(entries);
    suggest(false, next, "settings, with range and default");
  });
}

}  // namespace

void declare_lists(Session& session) {
  declare_list(
      session, "methods", "the methods, and the settings of each", session.all.methods, &Registry::method,
      settings_of, [](const Method&) { return Values(); }, "methods banel");
  declare_list(
      session, "tasks", "the tasks, and the settings of each", session.all.tasks, &Registry::task,
      [](const TaskEntry& t) { return t.settings; }, [](const TaskEntry& t) { return t.quick; },
      "tasks addition");
}

}  // namespace banel
