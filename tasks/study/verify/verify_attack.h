// One attack of a run folder against its own files; the part of `verify` that looks into attacks.
//   Differences found;  const VerifiedAttack attack = verify_attack(job, {}, found);
#pragma once
#include <set>

#include "tasks/run/attacks.h"

namespace banel {

using Differences = std::vector<std::string>;  // "file: what it says, what was found"

void compare(Differences&, const std::string& what, const Json& written, const Json& found);

// The same for every value of two objects.
void compare_members(Differences&, const std::string& what, const Json& written, const Json& found);

// A file with what it should say; names the first line that differs. A missing file differs.
void compare_text(Differences&, const std::filesystem::path& file, std::string_view found);

struct Checks {         // what asks networks
  bool answers = true;  // the judge's verdicts
  bool samples = true;  // the attacker handed over writes its samples again; base rates
};

struct VerifiedAttack {
  std::int64_t evaluations = 0;
  std::set<std::filesystem::path> files = {};  // that it has to have
};

// The finished attack of a job: its settings, every count of its logs against its ledger, the judge's
// verdicts, the reading of the attacker handed over, its checkpoint. Errors: InputError naming a file that is
// damaged.
VerifiedAttack verify_attack(const Job&, const Checks&, Differences&);

}  // namespace banel
