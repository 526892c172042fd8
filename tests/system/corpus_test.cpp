// The seeds of the fuzz targets are valid files: a fuzzer that starts from refused ones learns little.
#include <doctest/doctest.h>

#include <functional>
#include <map>

#include "nn/io/checkpoint.h"
#include "nn/io/file.h"
#include "nn/io/safetensors.h"
#include "tasks/addition/target.h"
#include "tasks/report/report.h"
#include "tasks/run/checkpoint.h"
#include "tasks/run/log.h"

namespace banel {
namespace {

namespace fs = std::filesystem;

TEST_CASE("every seed of the fuzz targets is accepted by its parser") {
  const std::map<std::string, std::function<void(const std::string&)>> parsers{
      {"safetensors", [](const std::string& bytes) { decode_safetensors(bytes, "seed"); }},
      {"checkpoint", [](const std::string& bytes) { decode_checkpoint(bytes, "seed"); }},
      {"json", [](const std::string& bytes) { parse_json(bytes, "seed"); }},
      {"metrics", [](const std::string& bytes) { parse_metrics(bytes, "seed"); }},
      {"timing", [](const std::string& bytes) { parse_timing(bytes, "seed"); }},
      {"progress",
       [](const std::string& bytes) {
         const Json json = parse_json(bytes, "seed");
         parse_progress(Field(json, "seed"));
       }},
      {"rows", [](const std::string& bytes) { parse_rows(bytes, "seed"); }},
      {"pretrain/target",
       [](const std::string& bytes) { addition::parse_target_report(bytes.substr(1), "seed"); }},
      {"pretrain/training", [](const std::string& bytes) { parse_training(bytes.substr(1), "seed"); }},
  };
  const fs::path corpus = fs::path(BANEL_SOURCE_DIR) / "tests" / "system" / "fuzz" / "corpus";
  for (const auto& [name, parse] : parsers) {
    std::vector<fs::path> seeds;
    if (fs::is_directory(corpus / name))
      for (const auto& entry : fs::directory_iterator(corpus / name)) seeds.push_back(entry.path());
    else
      seeds.push_back(corpus / name);
    CHECK(!seeds.empty());
    for (const fs::path& seed : seeds) {
      INFO(seed.string());
      CHECK_NOTHROW(parse(read_file(seed)));
    }
  }
}

}  // namespace
}  // namespace banel
