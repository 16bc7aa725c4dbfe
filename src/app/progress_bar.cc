#include "app/progress_bar.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace gigapi {
namespace {

constexpr int kBarWidth = 30;
constexpr int kStepsOnTerminal = 100;
constexpr int kStepsInLog = 10;

}  // namespace

ProgressBar::ProgressBar(std::string label, int64_t total)
    : label_(std::move(label)), total_(std::max<int64_t>(total, 1)), terminal_(isatty(STDERR_FILENO) == 1) {}

void ProgressBar::Update(int64_t done, const std::string& note) {
  const int64_t step = done * (terminal_ ? kStepsOnTerminal : kStepsInLog) / total_;
  if (step == shown_) return;
  shown_ = step;
  if (!terminal_) {
    fmt::print(stderr, "{} {}% {}\n", label_, done * 100 / total_, note);
    return;
  }
  const int filled = static_cast<int>(std::min(done, total_) * kBarWidth / total_);
  fmt::print(stderr, "\r{} [{}{}] {:3}% {}\033[K", label_, std::string(filled, '#'), std::string(kBarWidth - filled, '.'),
             done * 100 / total_, note);
}

void ProgressBar::Finish(const std::string& note) {
  if (terminal_) fmt::print(stderr, "\r\033[K");
  fmt::print(stderr, "{} {}\n", label_, note);
}

std::string Grouped(int64_t number) {
  std::string text = std::to_string(number);
  for (auto at = static_cast<int64_t>(text.size()) - 3; at > (number < 0 ? 1 : 0); at -= 3) text.insert(at, ",");
  return text;
}

}  // namespace gigapi
