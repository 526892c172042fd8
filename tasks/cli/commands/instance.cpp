#include "tasks/cli/commands/instance.h"

#include "nn/io/file.h"
#include "tasks/study/halving.h"
#include "tensor/check.h"

namespace banel {

namespace fs = std::filesystem;

namespace {

Instance parse_instance(const fs::path& file, const Registry& all) {
  const Json json = read_json(file);
  const Field field(json, file.string());
  Values settings;
  for (const auto& [key, value] : field["settings"].members()) settings.emplace(key, value_from(value));
  const fs::path networks = file.parent_path() / field["folder"].text();
  try {
    return make_instance(all, field["task"].text(), static_cast<std::uint64_t>(field["instance"].count()),
                         settings, networks.lexically_normal());
  } catch (const UsageError& error) {
    throw InputError(file.string() + ": " + error.what());
  }
}

// Errors: InputError naming what differs.
void refuse_another(const fs::path& folder, const Field& before, const Json& now) {
  const auto compare = [&](const std::string& what, const Json& there, const Json& here) {
    ENSURE_AS(there == here, InputError, folder.string(),
              "holds an attack on an instance with " << what << " = " << there.dump()
                                                     << ", and this call has " << here.dump()
                                                     << "; choose another folder or remove it");
  };
  for (const char* key : {"task", "instance"}) compare(key, before[key].value(), now.at(key));
  for (const auto& [key, value] : before["settings"].members())
    if (now.at("settings").contains(key)) compare(key, value.value(), now.at("settings").at(key));
}

// The folder or the nearest one above it that holds a study; empty if there is none.
fs::path run_above(const fs::path& folder) {
  for (fs::path at = fs::absolute(folder).lexically_normal();; at = at.parent_path()) {
    if (fs::exists(at / "study.toml")) return at;
    if (at == at.parent_path()) return {};
  }
}

// The panel and instance of an attack in a run; of any other folder there those that the study has first.
std::pair<std::size_t, std::uint64_t> part_of(const fs::path& folder, const fs::path& run, const Study& study,
                                              const Registry& all) {
  std::pair<std::size_t, std::uint64_t> part{0, study.panels.front().instances.front()};
  const fs::path below = fs::relative(folder, run);
  bool found = *below.begin() != "attacks";
  for_each_attack(run, study, all, [&](const Study& stage, const PlannedAttack& a) {
    if (attack_folder(stage, a) != below) return;
    part = {a.panel, a.instance};
    found = true;
  });
  ENSURE_AS(found, InputError, folder.string(), "is no attack of " << (run / "study.toml").string());
  return part;
}

}  // namespace

Instance make_instance(const Registry& all, const std::string& task, std::uint64_t number,
                       const Values& settings, const fs::path& folder) {
  const TaskEntry& entry = all.task(task);
  Instance it{task, number, completed(entry.settings, settings, task), folder, nullptr};
  it.task = entry.make(it.settings, number);
  return it;
}

Instance find_instance(const fs::path& folder, const Registry& all) {
  if (fs::exists(folder / "instance.json")) return parse_instance(folder / "instance.json", all);
  ENSURE_AS(fs::exists(folder), IoError, folder.string(), "there is no such folder");
  const fs::path run = run_above(folder);
  ENSURE_AS(!run.empty(), InputError, folder.string(),
            "is no folder of `banel study`, `banel attack` or `banel train`; give one of these");
  const Study study = read_run(run, all);
  const auto [panel, number] = part_of(folder, run, study, all);
  Instances instances(run / "instances", study, all, Access::read, ProgressMode::quiet);
  return make_instance(all, study.panels[panel].task, number, study.panels[panel].settings,
                       instances.folder(panel, number));
}

void save_instance(const fs::path& folder, const Instance& it) {
  Json settings = Json::object();
  for (const auto& [key, value] : it.settings) settings[key] = to_json(value);
  const Json json{{"task", it.name},
                  {"instance", it.number},
                  {"settings", settings},
                  {"folder", fs::proximate(it.folder, folder).string()}};
  const fs::path file = folder / "instance.json";
  if (fs::exists(file) && fs::exists(folder / "config.json")) {
    const Json before = read_json(file);
    refuse_another(folder, Field(before, file.string()), json);
  }
  write_file(file, json.dump(2) + '\n');
}

fs::path latest_run() {
  for (const char* run : {"runs/reproduce", "runs/quick"})
    if (fs::exists(run)) return run;
  throw IoError("runs/reproduce: there is no run; make one with `banel reproduce --quick`, or name a folder");
}

}  // namespace banel
