// When and how the attacker of a run is measured: some 10 readings, never fed back.
//   Reader reader(task, method, settings, oracle);  reader.read(record, state, round, last, earlier_rounds);
#pragma once
#include "tasks/run/attack.h"

namespace banel {

class Reader {
 public:
  // All must outlive it; the oracle is that of the attack.
  Reader(const Task&, const Method&, const AttackSettings&, const Oracle&);

  // Sets record.measured, record.filter and, if asked for, record.ranking if the round is the last one or it
  // is time for a reading: readings are a thirtieth of the budget apart at first and a fifth in the end. An
  // attacker that has not changed since the last reading is not measured twice.
  void read(RoundRecord& record, const State&, const Round&, bool last,
            const std::vector<RoundRecord>& earlier);

 private:
  Measurement measured(const State&);
  FilterReading filter(const Round&) const;
  std::optional<Ranking> ranking(const Round&) const;  // none without a failure model

  const Task& task_;
  const Method& method_;
  const AttackSettings& settings_;
  const Oracle& oracle_;
  Judge judge_;
  std::string attacker_;  // of the last reading: its fingerprint
  Measurement reading_;
};

}  // namespace banel
