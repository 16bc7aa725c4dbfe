// The mark of a restore on a shared catalog: while it is there no node starts, and one restore alone replaces what the
// catalog has. Who has it renews it, so that another one, on whatever machine, tells a restore that is at work from one that
// was cut short, and takes over only the latter.
//
// Who cannot renew it for `lease_ms` changes nothing more until it has renewed it again; who would take it over waits for as
// much and for requests that may still be on their way. Owns the thread "restore-mark". Used by one thread, but for Check.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "base/repeating_thread.h"
#include "catalog/catalog_marker.h"

namespace gigapi {

struct RestoreMarkTimes {
  int64_t lease_ms = 10'000;
  int64_t takeover_ms = 75'000;  // more than the lease and what a store takes to give a request up
};

class RestoreMark {
 public:
  RestoreMark(ObjectStore* store, RestoreMarkTimes times) : store_(store), times_(times) {}
  /// A mark that is neither ended nor given up stays, for a restore that goes on at once.
  ~RestoreMark();

  /// Before any work. kConflict: another restore is at work; kCancelled once `is_cancelled` says so.
  Status Look(const std::function<bool()>& is_cancelled);
  /// Whether Look found the mark of one that was cut short.
  bool goes_on() const { return before_.state == CatalogMarker::kRestoring; }

  /// From now on no node starts. kConflict: not what Look has found any more; nothing was changed. Any other failure: it may
  /// be marked, and Take is to be called again.
  Status Take();
  /// Before each change of the catalog, by any thread: OK while nobody else can have taken it over; kUnavailable: renew it
  /// first; kConflict: another one has it.
  Status Check() const;
  /// Makes sure of it, and whether an End that failed has come through. kConflict as Check.
  Status Renew();
  bool has_ended() const { return has_ended_; }
  /// The catalog is whole. After a failure that is no kConflict it may have come through: Renew tells.
  Status End();
  /// Instead of End, when nothing was changed: the catalog is what it was.
  Status GiveUp();

 private:
  Status Put(CatalogMarker state, const std::string& owner);
  /// What an earlier put whose answer was lost has made of it.
  Status FindOwn();
  Status Lost();

  ObjectStore* const store_;
  const RestoreMarkTimes times_;
  VersionedMarker before_;
  bool is_held_ = false;
  std::atomic<bool> is_lost_ = false;
  std::atomic<bool> has_ended_ = false;
  std::atomic<int64_t> renewed_ns_ = 0;  // steady clock
  std::mutex mutex_;                     // for what is below, also while the store is asked
  VersionedMarker current_;
  std::vector<std::string> attempted_;  // contents that may have been put since
  RepeatingThread thread_;              // last: it uses all that is above
};

}  // namespace gigapi
