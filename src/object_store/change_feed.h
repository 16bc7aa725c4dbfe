// Which objects of a store changed since one looked last, and a wait for the next change: so that many nodes follow a
// shared catalog without reading all of it again and again.
//
// How it is used:
//   cursor = "";
//   loop:
//     page = Since(cursor, n);
//     if (!page.complete) read everything (List, Get) and forget what is not there any more
//     else read again each key of page.changes that is of interest
//     cursor = page.cursor;
//     if (page.changes.empty()) AwaitChange(cursor, limit);
//
// A page that is not complete has the cursor of an instant before everything is read, so nothing is missed. What was read
// may be newer than the change that is told; a change may be told that one has seen, or made oneself (its version tells).
//
// Any thread; AwaitChange by one thread at a time. Failures: kUnavailable (try again later), kCancelled, and those of
// ObjectStore.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"

namespace gigapi {

struct ObjectChange {
  std::string key;
  /// As ObjectStore has it, of the content that was put; empty: the object was removed.
  std::string version = {};
  /// Of a change whose version the feed does not tell; the object may have been removed.
  static constexpr char kUnknownVersion[] = "?";
};

struct ChangePage {
  /// False: it is not known what changed since the cursor (too long ago; the store was emptied, or fell back to an older
  /// state; an empty cursor): everything must be read again. `changes` is empty then.
  bool complete = false;
  /// Of one that is not complete: what the cursor has seen is not there any more, since the store was emptied or fell back
  /// to an older state. False where that is not known.
  bool fell_back = false;
  std::vector<ObjectChange> changes = {};  // the oldest first; a key may come several times
  /// What to ask with next. Opaque, without slashes and spaces; may be kept across a restart.
  std::string cursor = {};
};

class ChangeFeed {
 public:
  static constexpr size_t kPageChangesMax = 10'000;

  virtual ~ChangeFeed() = default;

  /// Whether pages tell that the store fell back.
  virtual bool TellsFallBacks() const { return false; }

  /// At most changes_max and kPageChangesMax of the changes since a cursor; none: there were none.
  virtual Result<ChangePage> Since(const std::string& cursor, size_t changes_max) = 0;

  /// Waits until Since would tell something of this cursor: true; false after this time without a change. A store that is
  /// out of reach is waited for; when it still is at the end of the time, that is the failure.
  virtual Result<bool> AwaitChange(const std::string& cursor, int64_t ms_max) = 0;

  /// Ends what waits, within 100 ms, and refuses what is asked afterwards: kCancelled.
  virtual void Cancel() = 0;
};

}  // namespace gigapi
