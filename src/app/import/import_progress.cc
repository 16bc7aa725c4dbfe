#include "app/import/import_progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/clock.h"

namespace gigapi {
namespace {

/// On the screen; the file has all.
constexpr int kShownMax = 10;

}  // namespace

Result<std::unique_ptr<ImportProgress>> ImportProgress::Begin(int64_t total, const std::string& rejects_path) {
  std::FILE* rejects = nullptr;
  if (!rejects_path.empty()) {
    rejects = std::fopen(rejects_path.c_str(), "a");
    if (rejects == nullptr) {
      return Errorf(ErrorKind::kInvalidArgument, "cannot write {}: {}", rejects_path, std::strerror(errno));
    }
  }
  return std::unique_ptr<ImportProgress>(new ImportProgress(total, rejects));
}

ImportProgress::ImportProgress(int64_t total, std::FILE* rejects)
    : bar_("importing", total), rejects_(rejects), start_ns_(SteadyNanos()) {}

ImportProgress::~ImportProgress() {
  if (rejects_ != nullptr) std::fclose(rejects_);
}

std::string ImportProgress::Note() const {
  const double seconds = std::max(1e-3, static_cast<double>(SteadyNanos() - start_ns_) / kNanosPerSecond);
  std::string note =
      fmt::format("{} rows, {} rows/s", Grouped(rows_), Grouped(static_cast<int64_t>(static_cast<double>(rows_) / seconds)));
  if (refused_rows_ > 0) note += fmt::format(", {} refused", Grouped(refused_rows_));
  return note;
}

void ImportProgress::Advance(int64_t done, int64_t rows) {
  rows_ += rows;
  bar_.Update(done, Note());
}

void ImportProgress::Reject(const std::string& source, const std::vector<RefusedLine>& lines, int64_t more) {
  refused_rows_ += static_cast<int64_t>(lines.size()) + more;
  for (const RefusedLine& line : lines) {
    if (++shown_ <= kShownMax) fmt::print(stderr, "{}:{}: {}\n", source, line.line, line.reason);
    if (shown_ == kShownMax + 1)
      fmt::print(stderr, "(more lines were refused{})\n", rejects_ == nullptr ? ": see --rejects" : "");
    // '#' begins a comment in line protocol: what was mended there can be imported as it is.
    if (rejects_ != nullptr) fmt::print(rejects_, "# {}:{}: {}\n{}\n", source, line.line, line.reason, line.original);
  }
  if (more > 0 && rejects_ != nullptr) fmt::print(rejects_, "# {}: {} more lines\n", source, more);
  if (rejects_ != nullptr) std::fflush(rejects_);
}

void ImportProgress::Finish() { bar_.Finish(Note()); }

}  // namespace gigapi
