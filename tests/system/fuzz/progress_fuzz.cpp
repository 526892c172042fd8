// Metadata of an attack's checkpoint, its sixteen texts one on a line in the order of their keys. Whatever is read is
// written and read again as the same.
#include "tests/system/fuzz/fuzz.h"
#include "tasks/run/attack_state.h"

using namespace banel;

FUZZ(bytes) {
  Metadata metadata;
  for (const char* key : {"finished", "ledger_hash", "metrics_bytes", "nre", "rounds", "regions", "best_strings", "best_rewards",
                          "earlier_strings", "earlier_rewards", "since_strings", "since_rewards", "best_idle", "best_asked",
                          "scout_strings", "scout_rewards"}) {
    const std::size_t end = bytes.find('\n');
    metadata[key] = bytes.substr(0, end);
    bytes.remove_prefix(end == bytes.npos ? bytes.size() : end + 1);
  }
  const Metadata written = to_metadata(parse_progress(metadata, "fuzz"));
  require(to_metadata(parse_progress(written, "again")) == written);
}
