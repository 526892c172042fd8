// The progress of a long job, and time. Text goes to stderr only, since stdout belongs to results. No other
// unit reads a clock.
//
//   Progress progress("attack", 7500, progress_mode(false));
//   progress.update(250, "evaluations left 7,250");
//   // attack  [....................]  3%  elapsed 0:07  ETA 3:23  evaluations left 7,250
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

// Counts the CPU time of the thread that made it, whatever else the machine does.
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

// quiet if asked for, terminal if stderr is a terminal that can redraw a line, otherwise plain.
ProgressMode progress_mode(bool quiet);

// Where the text goes, what time it is, and how wide a line may be. Tests replace stderr and the clock.
struct ProgressDevice {
  std::function<void(std::string_view)> write;
  std::function<std::chrono::duration<double>()> now;
  std::function<std::size_t()> columns;
  std::function<std::size_t()> rows = [] { return std::size_t{24}; };

  static ProgressDevice standard_error();
};

// One job of `total` steps. Any thread may report. Only one job at a time should draw on a terminal. When the
// job ends, its last state stays on a line of its own, except in quiet mode.
class Progress {
 public:
  Progress(std::string label, std::int64_t total, ProgressMode mode,
           ProgressDevice device = ProgressDevice::standard_error());
  ~Progress();  // finishes, so that an error message starts on a new line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `done` steps are done in all; a report that comes late, with a smaller number, is ignored.
  // The note stands at the end of the line.
  void update(std::int64_t done, std::string note = {});

  // `steps` were done before the job was resumed. They count for the percentage and not for the speed.
  void resume(std::int64_t steps);

  // `steps` more are done; the note stays.
  void advance(std::int64_t steps = 1);

  // Writes the last state; later reports are ignored.
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

// A duration as minutes and seconds, or hours: 7.9 s -> "0:07", 3753 s -> "1:02:33".
std::string clock_text(std::chrono::duration<double> time);

}  // namespace banel
