#include "backup/restore_mark.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/clock.h"
#include "base/process_identity.h"

namespace gigapi {
namespace {

constexpr std::chrono::milliseconds kPollInterval{100};
constexpr int kRenewalsInLease = 5;
constexpr int kAttemptsMax = 3;
/// In the place of an owner: it has let go.
constexpr char kNobody[] = "nobody";

}  // namespace

RestoreMark::~RestoreMark() {
  thread_.Stop();
  if (is_held_ && !has_ended_ && Check().ok()) (void)Put(CatalogMarker::kRestoring, kNobody);
}

Status RestoreMark::Look(const std::function<bool()>& is_cancelled) {
  ARROW_ASSIGN_OR_RAISE(before_, ReadCatalogMarker(store_));
  current_ = before_;
  if (!goes_on() || before_.owner == kNobody || HasProcessEnded(before_.owner)) return Status::OK();
  const int64_t end_ns = SteadyNanos() + times_.takeover_ms * kNanosPerMilli;
  while (SteadyNanos() < end_ns) {
    if (is_cancelled()) return Error(ErrorKind::kCancelled, "cancelled");
    std::this_thread::sleep_for(std::min(kPollInterval, std::chrono::milliseconds(times_.takeover_ms)));
    ARROW_ASSIGN_OR_RAISE(const VersionedMarker now, ReadCatalogMarker(store_));
    if (now.version == before_.version) continue;
    return Errorf(ErrorKind::kConflict, "another restore into the catalog in {} is under way", store_->Describe());
  }
  return Status::OK();
}

Status RestoreMark::Take() {
  ARROW_RETURN_NOT_OK(Put(CatalogMarker::kRestoring, ProcessIdentity()));
  is_held_ = true;
  const auto interval = std::chrono::milliseconds(times_.lease_ms) / kRenewalsInLease;
  thread_.Start("restore-mark", interval, interval, [this] { (void)Renew(); });
  return Status::OK();
}

Status RestoreMark::Check() const {
  if (is_lost_) return Errorf(ErrorKind::kConflict, "another restore has taken over the catalog in {}", store_->Describe());
  if (SteadyNanos() - renewed_ns_ < times_.lease_ms * kNanosPerMilli) return Status::OK();
  return Errorf(ErrorKind::kUnavailable, "the catalog in {} does not answer", store_->Describe());
}

Status RestoreMark::Renew() { return Put(CatalogMarker::kRestoring, ProcessIdentity()); }

Status RestoreMark::End() { return Put(CatalogMarker::kWhole, {}); }

Status RestoreMark::GiveUp() {
  if (goes_on()) return Status::OK();  // the destructor leaves it for one that goes on
  if (before_.state != CatalogMarker::kNone) return Put(before_.state, {});
  thread_.Stop();
  const std::lock_guard lock(mutex_);
  ARROW_RETURN_NOT_OK(FindOwn());
  ARROW_ASSIGN_OR_RAISE(const VersionedMarker now, ReadCatalogMarker(store_));
  if (now.version == current_.version) ARROW_RETURN_NOT_OK(store_->Remove(std::string(kCatalogMarkerKey)));
  has_ended_ = true;
  return Status::OK();
}

Status RestoreMark::Put(CatalogMarker state, const std::string& owner) {
  const std::lock_guard lock(mutex_);
  ARROW_RETURN_NOT_OK(FindOwn());
  for (int attempt = 1; !has_ended_; ++attempt) {
    attempted_.push_back(CatalogMarkerContent(state, owner));
    const int64_t began_ns = SteadyNanos();
    auto put = ReplaceCatalogMarker(store_, current_, attempted_.back());
    if (put.ok()) {
      current_ = *std::move(put);
      attempted_.clear();
      renewed_ns_ = began_ns;
      has_ended_ = state != CatalogMarker::kRestoring;
      return Status::OK();
    }
    // On a conflict it is one of before that came late, or somebody else's.
    if (KindOf(put.status()) != ErrorKind::kConflict || attempt == kAttemptsMax) return put.status();
    ARROW_RETURN_NOT_OK(FindOwn());
  }
  return Status::OK();
}

Status RestoreMark::FindOwn() {
  if (is_lost_) return Check();
  if (attempted_.empty()) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(VersionedMarker now, ReadCatalogMarker(store_));
  if (std::ranges::count(attempted_, now.content) > 0) {
    current_ = std::move(now);
    attempted_.clear();
    has_ended_ = current_.state != CatalogMarker::kRestoring;
    return Status::OK();
  }
  return now.version == current_.version ? Status::OK() : Lost();
}

Status RestoreMark::Lost() {
  is_lost_ = true;
  return is_held_ ? Check()
                  : Errorf(ErrorKind::kConflict, "another restore into the catalog in {} has begun or ended meanwhile",
                           store_->Describe());
}

}  // namespace gigapi
