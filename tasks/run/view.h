// The live view of an attack: one picture, redrawn in place on a terminal. It is computed from the ledger and
// the rounds alone, so a finished attack can be shown as it went, and nothing depends on it.
//   Live live;                                        // on stderr
//   live.show(view_of("addition, banel", 7500, true, paid, rounds));
//
//   addition, banel
//
//   evaluations  ########........................  1,940 of 7,500, 2:10 to go
//   success      ▁▁▁▁▁▂▄▆                          31 of the last 50 succeeded
//   reading      success 16.8 %, valid 98.2 %
//
//   latest     * 06666+00119=  gets 066745  success
//                16666+01119=  gets 17785  failure
#pragma once
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "banel/ledger.h"
#include "tasks/base/progress.h"
#include "tasks/run/log.h"

namespace banel {

struct View {
  std::string title = {};
  bool asks = true;  // false: the method pays for no verdict, so none is shown
  std::int64_t used = 0, budget = 1;
  // By part of the budget: the share of what was paid for that was rewarded; empty where nothing is paid yet.
  std::vector<std::optional<double>> curve = {};
  Rate recent = {};                              // of the last 50 paid attempts
  std::optional<Rate> success = {}, valid = {};  // of the last reading
  std::optional<double> exact = {};              // success of the last reading, where it is known exactly
  std::vector<Evaluation> latest = {};           // the newest first
  std::optional<double> seconds_left = {};
};

// `paid` and `rounds` are those up to the moment that is shown.
View view_of(std::string title, std::int64_t budget, bool asks, std::span<const Evaluation> paid,
             std::span<const RoundRecord> rounds);

// At most `rows` lines, and never more than 12, of at most `columns` characters, each with its newline.
std::string picture(const View&, std::size_t columns, std::size_t rows = 12);

// Draws each picture over the last one.
class Live {
 public:
  explicit Live(ProgressDevice device = ProgressDevice::standard_error()) : device_(std::move(device)) {}
  void show(const View&);
  void erase();

 private:
  std::string back() const;  // moves to the first line of the last picture
  ProgressDevice device_;
  std::ptrdiff_t lines_ = 0;  // of the last picture
};

}  // namespace banel
