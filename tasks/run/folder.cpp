#include "tasks/run/folder.h"

#include <algorithm>
#include <set>

#include "tensor/check.h"
#include "tensor/parallel.h"

namespace banel {

namespace fs = std::filesystem;

namespace {

// The rounds that a checkpoint stands on. What a killed round appended behind them is not read.
std::vector<RoundRecord> rounds_before(const fs::path& metrics, const AttackProgress& saved) {
  const std::string text = saved.metrics_bytes ? read_file(metrics) : "";
  ENSURE_AS(
      text.size() >= saved.metrics_bytes, InputError, metrics.string(),
      "has " << text.size() << " bytes where " << saved.metrics_bytes
             << " were recorded: it was cut or replaced; restore it, or remove the folder and start over");
  std::vector<RoundRecord> rounds =
      parse_metrics(std::string_view(text).substr(0, saved.metrics_bytes), metrics.string());
  const std::int64_t nre = rounds.empty() ? 0 : rounds.back().nre, paid = saved.ledger.evaluations;
  // The last evaluations of an attack that found nothing new to try belong to no round.
  ENSURE_AS(rounds.size() == saved.rounds && (saved.finished ? nre <= paid : nre == paid), InputError,
            metrics.string(),
            "has " << rounds.size() << " rounds and " << nre << " evaluations, the checkpoint was made after "
                   << saved.rounds << " and " << paid
                   << "; restore both, or remove the folder and start over");
  return rounds;
}

// The first `lines` lines of a file. Clock times stay out of checkpoints, so their file is cut by lines.
std::string first_lines(const fs::path& path, std::size_t lines) {
  std::string text = lines ? read_file(path) : "";
  std::size_t end = 0;
  for (std::size_t i = 0; i < lines; ++i) {
    end = text.find('\n', end) + 1;
    ENSURE_AS(end != 0, InputError, path.string(),
              "has fewer than " << lines << " lines; remove the folder and start over");
  }
  text.resize(end);
  return text;
}

void check_config(const fs::path& folder, const Json& wanted) {
  const fs::path config = folder / "config.json";
  if (!fs::exists(config)) return write_file(config, wanted.dump(2) + '\n');
  ENSURE_AS(read_json(config) == wanted, InputError, folder.string(),
            "holds an attack with other settings or on another task; choose another folder or remove it");
}

// Whether a command works, or has worked, in the folder itself. Of a study whose attacks are jobs only the
// attacks are locked.
bool is_taken(const fs::path& folder) {
  const bool recorded = fs::exists(folder / "study.toml") || fs::exists(folder / "run.json");
  return (recorded && fs::exists(folder / ".lock")) || fs::exists(folder / "attacks" / ".lock");
}

// A study runs its canary, a study itself, within its own folder.
bool is_canary(const fs::path& folder) {
  return folder.filename() == "canary" || folder.filename() == "canary-new";
}

void refuse_above(const fs::path& folder, const fs::path& resolved) {
  for (fs::path above = resolved; above.has_relative_path();) {
    above = above.parent_path();
    ENSURE_AS(!is_taken(above) && !FolderLock::is_held(above), IoError, folder.string(),
              "is within the run " << above.string() << "; choose a folder outside, or see `banel jobs`");
  }
}

void refuse_nested(const fs::path& folder) {
  fs::path named = fs::absolute(folder).lexically_normal();
  if (!named.has_filename()) named = named.parent_path();  // "run/" is "run"
  refuse_above(folder, named);
  refuse_above(folder, fs::weakly_canonical(named));
  const bool has_jobs = fs::exists(named / "study.toml");  // which lock folders within
  const auto other_works = [&](const fs::path& within) {   // `banel jobs` locks the attacks of a new study
    return is_taken(within) || (!has_jobs && within != named / "attacks" && FolderLock::is_held(within));
  };
  std::error_code ended;  // a folder that another command removes meanwhile ends the search
  const auto readable = fs::directory_options::skip_permission_denied;
  for (auto at = fs::recursive_directory_iterator(named, readable, ended), end = decltype(at)(); at != end;
       at.increment(ended)) {
    check_stop();
    if (!at->is_directory(ended) || at->is_symlink(ended)) continue;
    if (at.depth() == 0 && is_canary(at->path()))
      at.disable_recursion_pending();
    else
      ENSURE_AS(!other_works(at->path()), IoError, folder.string(),
                "holds the run " << at->path().string() << "; choose another folder");
  }
}

// Which command made what is in the folder; empty: none that left its record.
std::string maker_of(const fs::path& folder) {
  if (fs::exists(folder / "study.toml") && fs::is_directory(folder / "attacks")) return "study";
  if (!fs::exists(folder / "run.json")) return "";
  try {
    const Json record = read_json(folder / "run.json");
    const std::vector<Field> words = Field(record, "run.json")["arguments"].items();
    for (std::size_t i = 1; i < words.size(); ++i)
      for (const char* command : {"study", "attack", "train", "toy1d"})
        if (words[i].text() == command && words[i - 1].text() != "--config") return command;
  } catch (const InputError&) {  // it is another program's, or damaged
  }
  return "";
}

// Whether a command writes to files or folders of this name. A NAME.tmp is what a killed call left.
bool is_used(const fs::path& name) {
  static const std::set<fs::path> names{
      "run.json",     "config.toml",  "study.toml",    "rows.json", "table.md",     "table.csv",
      "table.txt",    "tuning.md",    "report.html",   "plots",     "canary",       "canary-new",
      "attacks",      "config.json",  "instance.json", "instance",  "ledger.jsonl", "metrics.jsonl",
      "timing.jsonl", "checkpoint",   "steps.json",    "toy1d.png", "toy1d.svg",    "attacker.json",
      "target.json",  "reasoner.json"};
  const std::string text = name.string();
  return names.contains(name) || text.starts_with("base-") || text.starts_with("phi") ||
         text.starts_with("planted-") || name.extension() == ".safetensors";
}

// A folder that holds locks at most is what a killed call left behind.
bool holds_only_locks(const fs::path& entry) {
  if (!fs::is_directory(entry)) return false;
  return std::ranges::all_of(fs::directory_iterator(entry), [](const fs::directory_entry& file) {
    return file.path().filename() == ".lock";
  });
}

void refuse_foreign(const fs::path& folder, const std::string& command) {
  if (!fs::is_directory(folder)) return;
  const std::string maker = maker_of(folder);
  ENSURE_AS(maker.empty() || maker == command, InputError, folder.string(),
            "holds what `banel " << maker << "` made; choose another folder");
  if (!maker.empty() || command == "results") return;  // results checks each page (study/results.cpp)
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const fs::path name = entry.path().filename();
    ENSURE_AS(!is_used(name) || holds_only_locks(entry.path()), InputError, folder.string(),
              "holds " << name.string() << ", which no command made there and `banel " << command
                       << "` might replace; choose a new folder");
  }
}

}  // namespace

void check_folder(const fs::path& folder, const std::string& command) {
  refuse_nested(folder);
  refuse_foreign(folder, command);
}

FolderLock take_folder(const fs::path& folder, const std::string& command) {
  check_folder(folder, command);
  create_folders(folder);
  FolderLock lock(folder);
  refuse_nested(folder);  // by a command that began at the same time
  return lock;
}

AttackFolder open_attack(const fs::path& path, const Json& config, const Generator& prior,
                         const Label& attack) {
  create_folders(path);
  check_config(path, config);
  AttackFolder folder{
      .path = path, .ledger = path / "ledger.jsonl", .saved = load_attack(path, prior, attack)};
  const AttackProgress& before = folder.saved.progress;
  folder.rounds = rounds_before(path / "metrics.jsonl", before);
  ENSURE_AS(!before.finished || folder.rounds.empty() || folder.rounds.back().measured, InputError,
            (path / "metrics.jsonl").string(), "the last round of a finished attack is not measured");
  const std::string times = first_lines(path / "timing.jsonl", before.rounds);
  folder.timing_bytes = times.size();
  folder.seconds = parse_timing(times, (path / "timing.jsonl").string());
  if (before.finished) read_ledger(folder.ledger, before.ledger);  // only to see that it is what was paid
  return folder;
}

void AttackFolder::append() {
  metrics_file = std::make_unique<AppendFile>(path / "metrics.jsonl", saved.progress.metrics_bytes);
  timing_file = std::make_unique<AppendFile>(path / "timing.jsonl", timing_bytes);
}

void AttackFolder::add(RoundRecord round, double worked, double measuring) {
  metrics_file->append(to_json(round).dump() + '\n');
  timing_file->append(
      Json{{"round", round.number}, {"seconds", worked}, {"measuring_seconds", measuring}}.dump() + '\n');
  seconds += worked;
  rounds.push_back(std::move(round));
}

}  // namespace banel
