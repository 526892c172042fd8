// Progress of long jobs, on stderr only: stdout belongs to results. The one place that reads a clock.
#pragma once
#include <chrono>
#include <cstdint>
#include <ctime>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

namespace banel {

enum class ProgressMode {
  terminal,  // a bar, drawn over itself at most 10 times a second
  plain,     // a line at most every 30 s, for logs and pipes
  quiet      // nothing
};

class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// Time that this thread was computing: what others do on the machine does not count.
class ThreadStopwatch {
 public:
  double seconds() const { return now() - start_; }

 private:
  static double now() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  }
  double start_ = now();
};

// quiet if asked for; terminal if stderr is one that can redraw; else plain.
ProgressMode progress_mode(bool quiet);

// Where the text goes and what time it is; tests put their own in place of stderr and the steady clock.
struct ProgressDevice {
  std::function<void(std::string_view)> write;
  std::function<std::chrono::duration<double>()> now;
  std::function<std::size_t()> columns;

  static ProgressDevice standard_error();
};

// One job of `total` steps. Any thread may report; only one job at a time should draw on a terminal.
// In every mode but quiet the last state is written when the job ends, on a line of its own.
class Progress {
 public:
  Progress(std::string label, std::int64_t total, ProgressMode mode,
           ProgressDevice device = ProgressDevice::standard_error());
  ~Progress();  // finishes; an error message after it starts on a fresh line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // So many steps are done in all; a late report of a smaller number is ignored.
  // The note follows the times, e.g. "evaluations left 4,250".
  void update(std::int64_t done, std::string note = {});

  // So many steps were done before this job went on: they count for the percentage but not for the speed.
  void resume(std::int64_t steps);

  // So many more steps are done; the note stays.
  void advance(std::int64_t steps = 1);

  // Writes the last state once; later reports are ignored.
  void finish();

 private:
  void report(std::int64_t done);  // the caller holds mutex_
  void draw(std::chrono::duration<double> now, bool last);

  const std::string label_;
  const std::int64_t total_;
  const ProgressMode mode_;
  const ProgressDevice device_;
  const std::chrono::duration<double> start_;

  std::mutex mutex_;
  std::chrono::duration<double> drawn_;
  std::int64_t done_ = 0, resumed_ = 0;
  std::string note_;
  bool finished_ = false;
};

// 7.9 -> "0:07", 3753 -> "1:02:33"
std::string clock_text(std::chrono::duration<double> time);

}  // namespace banel
