// Lines of a ledger; after '#', lines whose hashes are put right first, so that what is behind them is read
// too. A ledger that is read and continued is a ledger.
#include "banel/oracle.h"
#include "tests/system/fuzz/fuzz.h"

using namespace banel;

static std::string sealed(std::string_view contents) {
  std::string text;
  std::uint64_t hash = LedgerMark().hash;
  while (!contents.empty()) {
    const std::size_t end = std::min(contents.find('\n'), contents.size());
    hash = fnv1a(contents.substr(0, end), hash);
    text.append(contents.substr(0, end)).append(",\"hash\":\"" + hex(hash) + "\"}\n");
    contents.remove_prefix(std::min(end + 1, contents.size()));
  }
  return text;
}

FUZZ(bytes) {
  const std::string text = bytes.starts_with('#') ? sealed(bytes.substr(1)) : std::string(bytes);
  const Ledger ledger = read_ledger(file_of(text));
  require(ledger.bytes <= text.size());
  require(ledger.bytes == 0 || text[ledger.bytes - 1] == '\n');
}
