// Whether a change that should compute nothing else computes nothing else: every method, table and figures.
#include <doctest/doctest.h>
#include <gnu/libc-version.h>

#include <map>
#include <sstream>

#include "nn/io/file.h"
#include "tasks/base/system.h"
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

// A line for each method: name and hash of ledger, metrics and attacker; then those of table and figures.
std::string records(const fs::path& folder, const Registry& all, const Study& study) {
  tiny::run(folder, study);
  std::string lines;
  for (const PlannedAttack& attack : planned(study)) {
    std::uint64_t hash = fnv1a("");
    for (const char* file : {"ledger.jsonl", "metrics.jsonl", "attacker.safetensors"})
      if (const fs::path path = folder / attack_folder(study, attack) / file; fs::exists(path))
        hash = fnv1a(read_file(path), hash);
    lines += attack_name(study, attack) + ' ' + hex(hash) + '\n';
  }
  Instances instances(folder / "instances", study, all, Access::read, ProgressMode::quiet);
  Results results = results_of(folder, study, all, instances);
  for (Run& run : results.runs) run.row.seconds = run.log.seconds = 0;
  results.made = {};
  const Table table = table_of(results, all);
  lines += "table " + hex(fnv1a(to_markdown(table))) + '\n';
  for (const Figure& f :
       figures({"success", "bars", "instances", "collapse", "modes", "information"}, results, table))
    lines += f.file + ' ' + hex(fnv1a(to_svg(f.picture))) + '\n';
  return lines;
}

TEST_CASE("attacks by every method and their table keep every value" * doctest::test_suite("slow")) {
  const std::string machine = system_info().at("blas_kernels").text() + "-glibc-" + gnu_get_libc_version();
  const fs::path stored = fs::path(BANEL_SOURCE_DIR) / "tests/tasks/study/records" / (machine + ".txt");
  const TemporaryFolder temporary;
  const Registry all = tiny::registry();
  const std::string now = records(temporary.path, all, tiny::study(every_method(all)));
  if (!fs::exists(stored)) {
    MESSAGE("skipped: other kernels or libm round differently; with those of " << machine << ":\n" << now);
    return;
  }
  INFO("if values should change, say so in the commit and put this into " << stored.string() << ":\n" << now);
  CHECK(read_file(stored) == now);
}

}  // namespace
}  // namespace banel
