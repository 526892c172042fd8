#include "tasks/study/results.h"

#include <algorithm>

#include "nn/io/file.h"
#include "tasks/report/figures/figures.h"
#include "tensor/check.h"

namespace banel {

namespace fs = std::filesystem;

namespace {

// What the terminal shows, then table.md with the figures below it, and tuning.md if there is one.
std::vector<std::string> publish(const fs::path& out, const fs::path& run, const std::string& name) {
  std::string md = read_file(run / "table.md");
  md.insert(md.find('\n') + 1, "\n```\n" + read_file(run / "table.txt") + "```\n");
  std::vector<std::string> files, pictures;
  std::vector<fs::path> old;
  const std::string before = fs::exists(out / (name + ".md")) ? read_file(out / (name + ".md")) : "";
  for (const auto& entry : fs::directory_iterator(out))
    if (entry.path().extension() == ".png" &&
        before.find("](" + entry.path().filename().string() + ")") != before.npos)
      old.push_back(entry.path());
  for (const fs::path& picture : old) fs::remove(picture);
  if (fs::exists(run / "tuning.md")) md += '\n' + read_file(run / "tuning.md");
  if (fs::exists(run / "plots"))
    for (const auto& entry : fs::directory_iterator(run / "plots"))
      if (entry.path().extension() == ".png") pictures.push_back(entry.path().filename().string());
  std::sort(pictures.begin(), pictures.end());
  for (const std::string& picture : pictures) {
    files.push_back(name + '-' + picture);
    write_file(out / files.back(), read_file(run / "plots" / picture));
    md += "\n![" + fs::path(picture).stem().string() + "](" + files.back() + ")\n";
  }
  files.push_back(name + ".md");
  write_file(out / files.back(), md);
  return files;
}

}  // namespace

std::vector<std::string> run_results(const fs::path& out, const fs::path& runs, const Registry& registry,
                                     const StudyOptions& options, const std::vector<std::string>& names) {
  std::vector<Study> studies;
  for (const std::string& name : names.empty() ? study_names() : names) {
    Study study = read_study(name, registry);
    ENSURE(study.results || names.empty(), "results",
           in_quotes(name) << " is not shown there (results = true)");
    if (study.results) studies.push_back(std::move(study));
  }
  create_folders(out);
  std::vector<std::string> files;
  for (const Study& study : studies) {
    StudyOptions each = options;
    each.instances = runs / "instances";
    each.command = "banel results --only " + study.name;  // the pages name no folder of this machine
    run_study(runs / study.name, study, registry, each);
    const std::vector<std::string> written = publish(out, runs / study.name, study.name);
    files.insert(files.end(), written.begin(), written.end());
  }
  return files;
}

}  // namespace banel
