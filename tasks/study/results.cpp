#include "tasks/study/results.h"

#include <algorithm>

#include "nn/io/file.h"
#include "tasks/report/figures/figures.h"
#include "tasks/run/folder.h"
#include "tasks/study/record.h"
#include "tensor/check.h"

namespace banel {

namespace fs = std::filesystem;

namespace {

std::string command_of(const Study& study) { return "banel results --only " + study.name; }

// The page that an earlier call left, or nothing. Errors: InputError for a page of somebody else.
std::string page_before(const fs::path& out, const Study& study) {
  const fs::path page = out / (study.name + ".md");
  if (!fs::exists(page)) return "";
  std::string text = read_file(page);
  ENSURE_AS(text.find("`" + command_of(study) + "`") != text.npos, InputError, page.string(),
            "was not made by `" << command_of(study) << "`; move it, or choose another --out");
  return text;
}

// What the terminal shows, then table.md with the figures below it, and tuning.md if there is one.
std::vector<std::string> publish(const fs::path& out, const fs::path& run, const Study& study) {
  const std::string& name = study.name;
  std::string md = read_file(run / "table.md");
  if (const std::optional<RunRecord> record =
          read_record(run)) {  // another command may have made the attacks
    const std::string said = "Command: `" + record->command + "`";
    if (const std::size_t at = md.find(said); at != md.npos)
      md.replace(at, said.size(), "Command: `" + command_of(study) + "`");
  }
  md.insert(md.find('\n') + 1, "\n```\n" + read_file(run / "table.txt") + "```\n");
  std::vector<std::string> files, pictures;
  std::vector<fs::path> old;
  const std::string before = page_before(out, study);
  for (const auto& entry : fs::directory_iterator(out))
    if (const std::string picture = entry.path().filename().string();
        picture.starts_with(name + '-') && before.find("](" + picture + ")") != before.npos)
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
    const bool again = std::ranges::find(studies, study.name, &Study::name) != studies.end();
    ENSURE(!again, "results", study.name << " is named twice");
    if (study.results) studies.push_back(std::move(study));
  }
  check_folder(out, "results");  // no folder of a run
  for (const Study& study : studies) page_before(out, study);
  create_folders(out);
  std::vector<std::string> files;
  for (const Study& study : studies) {
    StudyOptions each = options;
    each.instances = runs / "instances";
    each.command = command_of(study);  // the pages name no folder of this machine
    run_study(runs / study.name, study, registry, each);
    const std::vector<std::string> written = publish(out, runs / study.name, study);
    files.insert(files.end(), written.begin(), written.end());
  }
  return files;
}

}  // namespace banel
