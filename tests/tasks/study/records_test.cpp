// Whether a change that should compute nothing else computes nothing else: every method, table and figures.
#include <doctest/doctest.h>
#include <gnu/libc-version.h>

#include <map>
#include <sstream>

#include "nn/io/checkpoint.h"
#include "nn/io/file.h"
#include "tasks/addition/addition.h"
#include "tasks/base/system.h"
#include "tasks/planted/planted.h"
#include "tasks/reason/reason.h"
#include "tasks/report/figures/figures.h"
#include "tasks/report/table.h"
#include "tasks/study/plan.h"
#include "tasks/study/record.h"
#include "tensor/hash.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny/tiny_study.h"

namespace banel {
namespace {

namespace fs = std::filesystem;

// All methods, with small numbers for those settings that each has.
std::string every_method(const Registry& all) {
  const std::map<std::string, std::string> small{
      {"m", "20"},           {"n", "60"},       {"pool", "200"},  {"phi_epochs", "2"},
      {"theta_epochs", "2"}, {"patience", "2"}, {"restart", "4"}, {"scout", "40"}};
  std::string toml =
      "title = \"Records\"\ntask = \"tiny\"\nseeds = 1\nbudget = 200\nsamples = 100\n"
      "base_samples = 500\nvariants = [\n";
  for (const Method& method : all.methods) {
    toml += "{method = \"" + method.name + '"';
    for (const std::string& key : method.uses)
      if (const auto value = small.find(key); value != small.end() && !method.one_round)
        toml += ", " + key + " = " + value->second;
    toml += "},\n";
  }
  return toml + "]\n[settings]\ndivisor = 7\n";
}

// A study for each task, the canary among them.
const char* const planted_study = R"(
title = "Planted"
task = "planted"
seeds = 1
budget = 60
samples = 100
base_samples = 1000
variants = [{method = "banel", m = 20, n = 40}, "grpo", "auto"]
panels = [{name = "tail", set = "tail", mass = 0.01}, {name = "beside", set = "beside"}]
[settings]
samples = 5000
)";
const char* const reason_study = R"(
title = "Word problems"
task = "reason"
instances = [87]
seeds = 1
budget = 60
samples = 100
base_samples = 500
variants = [{method = "banel-pool", budget = 60, m = 20, n = 100, pool = 200}, "claim-memory"]
panels = [{name = "none", assumed = "none"}, {name = "calculator", assumed = "calculator"}]
)";

// What a study makes: a line for each attack, the hash of ledger, metrics and attacker; then one for each
// text and figure.
std::string records(const Study& study, const Registry& all) {
  const TemporaryFolder temporary;
  const fs::path& folder = temporary.path;
  run_study(folder, study, all, {.jobs = 2, .mode = ProgressMode::quiet, .command = "test"});
  std::string lines;
  const auto line = [&](const std::string& name, std::uint64_t hash) {
    lines += name + ' ' + hex(hash) + '\n';
  };
  for (const PlannedAttack& one : planned(study)) {
    std::uint64_t hash = fnv1a("");
    const fs::path made = folder / attack_folder(study, one), attacker = made / "attacker.safetensors";
    for (const char* file : {"ledger.jsonl", "metrics.jsonl"})
      if (fs::exists(made / file)) hash = fnv1a(read_file(made / file), hash);
    if (fs::exists(attacker)) hash = fnv1a(encode_checkpoint(load_checkpoint(attacker).model), hash);
    line(attack_name(study, one), hash);
  }
  Instances instances(folder / "instances", study, all, Access::read, ProgressMode::quiet);
  Results results = results_of(folder, study, all, instances);
  results.made = {}, results.files = {};
  for (Run& run : results.runs) run.row.seconds = run.log.seconds = 0;
  const Table table = table_of(results, all);
  const std::vector<Figure> pictures =
      figures({"success", "bars", "instances", "collapse", "modes", "information"}, results, table);
  line("table.md", fnv1a(to_markdown(table)));
  line("table.csv", fnv1a(to_csv(table)));
  line("table.txt", fnv1a(to_terminal(table, 80)));
  line("report.html", fnv1a(report_page(results, table, pictures)));
  for (const Figure& f : pictures) line(f.file, fnv1a(to_svg(f.picture)));
  return lines;
}

void check_kept(const std::string& name, const Study& study, const Registry& all) {
  const std::string machine = system_info().at("blas_kernels").text() + "-glibc-" + gnu_get_libc_version();
  const fs::path stored = fs::path(BANEL_SOURCE_DIR) / "tests/tasks/study/records" / machine;
  if (!fs::exists(stored)) {
    MESSAGE("skipped: no records are kept for " << machine << ", whose kernels or libm round differently");
    return;
  }
  const fs::path kept = stored / (name + ".txt");
  const std::string now = records(study, all);
  INFO("if values should change, say so in the commit and put this into " << kept.string() << ":\n" << now);
  CHECK(read_file(kept) == now);
}

TEST_CASE("attacks by every method keep every value" * doctest::test_suite("slow")) {
  const Registry all = tiny::registry();
  check_kept("methods", tiny::study(every_method(all)), all);
}

TEST_CASE("attacks on planted sets keep every value" * doctest::test_suite("slow")) {
  const Registry all{.methods = built_in_methods(), .tasks = {planted::entry()}};
  check_kept("planted", parse_study(planted_study, "planted", all), all);
}

TEST_CASE("attacks on word problems keep every value" * doctest::test_suite("slow")) {
  const Registry all{.methods = built_in_methods(), .tasks = {reason::entry()}};
  check_kept("reason", parse_study(reason_study, "reason", all), all);
}

TEST_CASE("the attacks of the canary keep every value" * doctest::test_suite("slow")) {
  const Registry all{.methods = built_in_methods(), .tasks = {addition::entry()}};
  check_kept("canary", read_study("canary", all), all);
}

}  // namespace
}  // namespace banel
