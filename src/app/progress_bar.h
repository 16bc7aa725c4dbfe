// How far a long step is, on standard error: a bar that is redrawn on a terminal, a line every tenth otherwise.
#pragma once

#include <cstdint>
#include <string>

namespace gigapi {

class ProgressBar {
 public:
  ProgressBar(std::string label, int64_t total);
  /// `done` of `total`; `note` stands behind the bar.
  void Update(int64_t done, const std::string& note);
  /// Ends the line.
  void Finish(const std::string& note);

 private:
  std::string label_;
  int64_t total_;
  bool terminal_;
  int64_t shown_ = -1;  // the step that was drawn last
};

/// 1234567 as "1,234,567".
std::string Grouped(int64_t number);

}  // namespace gigapi
