#include "tasks/base/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "tasks/base/text.h"

namespace banel {
namespace {

using Seconds = std::chrono::duration<double>;
using namespace std::chrono_literals;

constexpr Seconds redraw_after = 100ms, line_after = 30s;
constexpr std::size_t bar_cells = 20;

// At most `columns` bytes, and no UTF-8 character in part. A longer line would wrap, and a redraw would not
// reach its first half.
std::string_view cut(std::string_view text, std::size_t columns) {
  if (text.size() <= columns) return text;
  const auto continues = [&](std::size_t i) { return (static_cast<unsigned char>(text[i]) & 0xC0) == 0x80; };
  while (columns > 0 && continues(columns)) --columns;
  return text.substr(0, columns);
}

std::string bar(double part) {
  const auto filled = static_cast<std::size_t>(part * static_cast<double>(bar_cells));
  return "[" + std::string(filled, '#') + std::string(bar_cells - filled, '.') + "]";
}

}  // namespace

ProgressMode progress_mode(bool quiet) {
  if (quiet) return ProgressMode::quiet;
  const char* terminal = std::getenv("TERM");
  const bool can_redraw = ::isatty(STDERR_FILENO) == 1 && terminal && std::string_view(terminal) != "dumb";
  return can_redraw ? ProgressMode::terminal : ProgressMode::plain;
}

ProgressDevice ProgressDevice::standard_error() {
  const auto write = [](std::string_view text) {  // a closed stderr does not stop the job
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
  };
  const auto now = [] { return Seconds(std::chrono::steady_clock::now().time_since_epoch()); };
  const auto size = [](unsigned short winsize::*of, std::size_t otherwise) -> std::function<std::size_t()> {
    return [=] {
      winsize all{};
      return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &all) == 0 && all.*of > 0 ? all.*of : otherwise;
    };
  };
  return {write, now, size(&winsize::ws_col, 80), size(&winsize::ws_row, 24)};
}

Progress::Progress(std::string label, std::int64_t total, ProgressMode mode, ProgressDevice device)
    : label_(std::move(label)),
      total_(std::max<std::int64_t>(total, 0)),
      mode_(mode),
      device_(std::move(device)),
      start_(device_.now()),
      drawn_(start_) {
  if (mode_ == ProgressMode::terminal) draw(start_, false);
}

Progress::~Progress() {
  try {
    finish();
  } catch (...) {  // progress that cannot be shown does not end the job
  }
}

void Progress::update(std::int64_t done, std::string note) {
  const std::scoped_lock lock(mutex_);
  if (done < done_) return;
  note_ = std::move(note);
  report(done);
}

void Progress::resume(std::int64_t steps) {
  const std::scoped_lock lock(mutex_);
  resumed_ += steps;
  report(done_ + steps);
}

void Progress::advance(std::int64_t steps) {
  const std::scoped_lock lock(mutex_);
  report(done_ + std::max<std::int64_t>(steps, 0));
}

void Progress::report(std::int64_t done) {
  done_ = std::min(done, total_);
  if (mode_ == ProgressMode::quiet || finished_) return;
  const Seconds now = device_.now();
  if (now - drawn_ >= (mode_ == ProgressMode::terminal ? redraw_after : line_after)) draw(now, false);
}

void Progress::finish() {
  const std::scoped_lock lock(mutex_);
  if (finished_) return;
  finished_ = true;
  if (mode_ != ProgressMode::quiet) draw(device_.now(), true);
}

void Progress::draw(Seconds now, bool last) {
  drawn_ = now;
  const bool complete = done_ == total_;
  const double part = complete ? 1.0 : static_cast<double>(done_) / static_cast<double>(total_);
  // "100%" appears only at the end.
  const int percent = complete ? 100 : std::min(99, static_cast<int>(100 * part));
  const Seconds elapsed = now - start_;
  const std::int64_t steps = done_ - resumed_;
  std::string text = label_ + "  " + (mode_ == ProgressMode::terminal ? bar(part) + "  " : "") +
                     std::to_string(percent) + "%  elapsed " + clock_text(elapsed);
  if (!complete && steps > 0)
    text +=
        "  ETA " + clock_text(elapsed * (static_cast<double>(total_ - done_) / static_cast<double>(steps)));
  if (!note_.empty()) text += "  " + note_;
  if (mode_ == ProgressMode::plain) {
    device_.write(text + "\n");
  } else {  // "\r": draw over the last line; "\x1b[K": erase the rest of a longer one
    device_.write("\r" + std::string(cut(text, device_.columns() - 1)) + "\x1b[K" + (last ? "\n" : ""));
  }
}

std::string clock_text(Seconds time) {
  constexpr double longest = 3600.0 * 9999;  // beyond a year an estimate tells nothing
  const auto seconds = static_cast<int>(std::clamp(time.count(), 0.0, longest));
  const auto two_digits = [](int n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  const int hours = seconds / 3600, minutes = seconds / 60 % 60;
  const std::string front =
      hours > 0 ? std::to_string(hours) + ":" + two_digits(minutes) : std::to_string(minutes);
  return front + ":" + two_digits(seconds % 60);
}

}  // namespace banel
