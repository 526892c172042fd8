// The study that a command line asks for: a file, and what the options change of it.
//   StudyChoice choice{.name = "planted", .set = {"budget=1500"}};
//   const Study study = chosen_study(choice, session.all);
#pragma once
#include "tasks/cli/commands.h"
#include "tasks/study/study.h"

namespace banel {

struct StudyChoice {
  std::string name;                // one of study_names(), or the path of a file
  bool quick = false;
  Words variants, instances, set;  // empty: those of the file
  int seeds = 0;                   // 0: those of the file

  void add_to(Command&);
};

// Only the named variants and instances. A setting of --set holds in every panel, or for every variant whose method
// uses it. Errors: those of read_study; UsageError for what the study does not have and for a setting that nothing
// in it uses.
Study chosen_study(const StudyChoice&, const Registry&);

std::size_t attacks_of(const Study&);  // how many there are in all

// "about 5 minutes", for so many attacks, several side by side; empty if it is unknown how long one takes.
std::string expected_time(const Study&, std::size_t attacks, int side_by_side);

}  // namespace banel
