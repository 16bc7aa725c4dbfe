// Up to where in the changes of a shared catalog this node knows that all is well. It is kept beside the log, so that a
// catalog that falls back to an older state while the node is not there is found out at the next start; until a fall
// is made good it says that instead, so that a crash meanwhile changes nothing.
//
// Thread-safe.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include "base/file_system.h"
#include "object_store/change_feed.h"

namespace gigapi {

class CatalogPosition {
 public:
  /// `fs` must outlive it; `path` is of a file in a folder that is there.
  CatalogPosition(FileSystem* fs, std::string path) : fs_(fs), path_(std::move(path)) {}

  /// At the start: whether what was known is still there.
  Status Check(ChangeFeed* feed);

  /// The catalog has fallen back.
  void FellBack();
  /// Before a commit that hides what the catalog has lost: it is kept that it has. Part of the last fall if that is not made
  /// good; else a fall of its own.
  Status KeepFall();
  /// How often it has, if the last time is not made good; else 0.
  uint64_t falls() const;
  /// The first so many times are made good.
  void MadeGood(uint64_t falls);

  /// All is known up to this cursor of the feed. It is kept after a second, or after a minute when nothing has changed but
  /// what nodes say of themselves; not while something is to be made good.
  void Reached(const std::string& cursor, bool has_changed);

 private:
  Status Keep(const std::string& content);

  FileSystem* const fs_;
  const std::string path_;
  mutable std::mutex mutex_;
  uint64_t falls_ = 0;
  uint64_t made_good_ = 0;
  std::string kept_;
  bool has_changed_ = false;  // since it was kept
  int64_t kept_at_ns_ = 0;    // steady clock
};

}  // namespace gigapi
