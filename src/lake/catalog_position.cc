#include "lake/catalog_position.h"

#include <algorithm>

#include "base/clock.h"
#include "base/log.h"

namespace gigapi {
namespace {

constexpr int64_t kKeepAfterNs = kNanosPerSecond;
/// No cursor has spaces.
constexpr char kFallen[] = "fell back";
/// The feed tells of many changes back, but not of all.
constexpr int64_t kKeepAnywayAfterNs = 60 * kNanosPerSecond;

}  // namespace

Status CatalogPosition::Check(ChangeFeed* feed) {
  ARROW_ASSIGN_OR_RAISE(const bool exists, fs_->Exists(path_));
  if (!exists) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const std::string kept, ReadWholeFile(fs_, path_));
  bool fell_back = kept == kFallen;
  if (!fell_back) {
    ARROW_ASSIGN_OR_RAISE(const ChangePage page, feed->Since(kept, 1));
    fell_back = page.fell_back;
  }
  if (fell_back) FellBack();
  return Status::OK();
}

/// The position that was kept may be older than what the catalog fell back to, and would tell nothing.
void CatalogPosition::FellBack() {
  const std::lock_guard lock(mutex_);
  ++falls_;
  (void)Keep(kFallen);  // before a commit it must be
}

Status CatalogPosition::KeepFall() {
  const std::lock_guard lock(mutex_);
  if (falls_ == made_good_) ++falls_;
  return Keep(kFallen);
}

/// Wants the lock.
Status CatalogPosition::Keep(const std::string& content) {
  if (content == kept_) return Status::OK();
  kept_.clear();
  const Status kept = ReplaceFile(fs_, path_, content);
  if (kept.ok()) kept_ = content;
  else LOG_WARN("how far the catalog is known could not be kept, trying again", "reason=\"{}\"", kept.message());
  return kept;
}

uint64_t CatalogPosition::falls() const {
  const std::lock_guard lock(mutex_);
  return falls_ == made_good_ ? 0 : falls_;
}

void CatalogPosition::MadeGood(uint64_t falls) {
  const std::lock_guard lock(mutex_);
  made_good_ = std::max(made_good_, falls);
  has_changed_ = true;
}

void CatalogPosition::Reached(const std::string& cursor, bool has_changed) {
  const std::lock_guard lock(mutex_);
  has_changed_ |= has_changed;
  const int64_t now = SteadyNanos();
  const int64_t wait_ns = has_changed_ ? kKeepAfterNs : kKeepAnywayAfterNs;
  const bool is_due = kept_at_ns_ == 0 || now - kept_at_ns_ >= wait_ns;
  if (falls_ != made_good_ || cursor == kept_ || !is_due) return;
  kept_at_ns_ = now;  // also when it fails: the disk is not asked all the time
  if (Keep(cursor).ok()) has_changed_ = false;
}

}  // namespace gigapi
