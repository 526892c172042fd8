#include "tasks/run/view.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "tasks/base/text.h"
#include "tasks/base/words.h"

namespace banel {

namespace {

constexpr std::size_t cells = 32, shown_attempts = 5, recent_attempts = 50;

bool rewarded(const Evaluation& e) { return e.verdict.reward == Reward::success; }

Rate rewarded_among(std::span<const Evaluation> paid) {
  Rate rate;
  for (const Evaluation& e : paid) rate.count(rewarded(e));
  return rate;
}

std::string bar(const View& view) {
  const auto filled = static_cast<std::size_t>(view.used) * cells / static_cast<std::size_t>(view.budget);
  return std::string(filled, '#') + std::string(cells - filled, '.');
}

// One block for each part of the budget; a single success can be told from none.
std::string curve(const View& view) {
  constexpr std::array<const char*, 8> blocks{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  std::string text;
  for (const std::optional<double>& share : view.curve)
    text += share ? blocks[static_cast<std::size_t>(std::ceil(7 * *share))] : " ";
  return text;
}

std::string percent(double share) { return fixed(100 * share, 1) + " %"; }

std::string told(const Evaluation& e, bool asks) {
  std::string text = first_columns(one_line(e.attempt), 36);
  if (!asks) return text;
  const Verdict& v = e.verdict;
  if (!v.answer.empty()) text += "  gets " + first_columns(one_line(v.answer), 16);
  text += v.reward == Reward::success   ? "  success"
          : v.reward == Reward::failure ? "  failure"
                                        : "  unjudged";
  return v.kind.empty() ? text : text + " (" + one_line(v.kind) + ")";
}

}  // namespace

View view_of(std::string title, std::int64_t budget, bool asks, std::span<const Evaluation> paid,
             std::span<const RoundRecord> rounds) {
  View view{.title = std::move(title), .asks = asks, .used = std::ssize(paid), .budget = budget};
  for (std::size_t c = 0; c < cells; ++c) {
    const auto edge = [&](std::size_t cell) {
      return std::min(paid.size(), cell * static_cast<std::size_t>(budget) / cells);
    };
    const Rate rate = rewarded_among(paid.subspan(edge(c), edge(c + 1) - edge(c)));
    view.curve.push_back(rate.n ? std::optional(rate.value()) : std::nullopt);
  }
  view.recent = rewarded_among(paid.last(std::min(paid.size(), recent_attempts)));
  for (const RoundRecord& round : rounds)
    if (const auto& m = round.measured; m && m->success.n) {
      view.success = m->success;
      view.valid = m->valid;
      view.exact = m->exact ? std::optional(m->exact->value) : std::nullopt;
    }
  const auto newest = paid.last(std::min(paid.size(), shown_attempts));
  view.latest.assign(newest.rbegin(), newest.rend());
  return view;
}

std::string picture(const View& view, std::size_t columns, std::size_t rows) {
  std::vector<std::string> lines{view.title, ""};
  std::string left = grouped(view.used) + " of " + grouped(view.budget);
  if (view.seconds_left && view.used < view.budget)
    left += ", " + clock_text(std::chrono::duration<double>(*view.seconds_left)) + " to go";
  lines.push_back("evaluations  " + bar(view) + "  " + left);
  if (view.asks && view.recent.n)
    lines.push_back("success      " + curve(view) + "  " + grouped(view.recent.k) + " of the last " +
                    grouped(view.recent.n) + " succeeded");
  if (view.success)
    lines.push_back("reading      success " + percent(view.exact.value_or(view.success->value())) +
                    ", valid " + percent(view.valid->value()));
  if (!view.latest.empty()) lines.emplace_back();
  for (std::size_t i = 0; i < view.latest.size(); ++i) {
    const Evaluation& e = view.latest[i];
    lines.push_back((i ? "           " : "latest     ") +
                    std::string(view.asks && rewarded(e) ? "* " : "  ") + told(e, view.asks));
  }
  lines.resize(std::min(lines.size(), rows));
  std::string text;
  for (const std::string& line : lines) text += first_columns(line, columns) + '\n';
  return text;
}

void Live::show(const View& view) {
  // A full line would wrap; the line after the picture is the cursor's.
  const std::string text = picture(view, device_.columns() - 1, device_.rows() - 1);
  std::string drawn = back();
  for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != text.npos; begin = end + 1)
    drawn += text.substr(begin, end - begin) + "\x1b[K\n";  // erases the rest of a longer line
  lines_ = std::count(text.begin(), text.end(), '\n');
  device_.write(drawn + "\x1b[J");  // and of a longer picture
}

void Live::erase() {
  device_.write(back() + "\x1b[J");
  lines_ = 0;
}

std::string Live::back() const { return lines_ ? "\x1b[" + std::to_string(lines_) + "A\r" : "\r"; }

}  // namespace banel
