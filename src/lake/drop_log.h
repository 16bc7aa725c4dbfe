// The list of drops (catalog/drop_list.h) of an open lake: <root>/.gigapi/drops.json, beside the log whose sequences it has.
// Thread-safe.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "base/file_system.h"
#include "catalog/drop_list.h"

namespace gigapi {

class DropLog {
 public:
  /// `fs` must outlive it.
  DropLog(FileSystem* fs, const std::string& root) : fs_(fs), path_(root + "/.gigapi/drops.json") {}

  /// Reads the file, when there is one. Files of all that it names may lie in layers until then (steady clock).
  Status Load(int64_t files_until_ns);
  DropList list() const;

  /// Adds a drop for good, and forgets those that `needless` names. After a failure nobody knows what the disk holds, see
  /// EnsureCommitted; here the drop has not happened.
  Status Add(Drop drop, const std::function<bool(const Drop&)>& needless);
  /// A database that was dropped is made anew. Nothing to do for one that was not.
  Status Recreate(std::string_view database);

  /// Before rows go to a file: writes the list again if a drop has failed half-way. Else the next start could take the new
  /// file for a dropped one.
  Status EnsureCommitted();

  uint64_t DroppedUpTo(std::string_view database, std::string_view table) const;
  uint64_t max_sequence() const;

 private:
  Status Commit(DropList next);

  FileSystem* const fs_;
  const std::string path_;
  mutable std::mutex mutex_;
  DropList list_;
  bool in_doubt_ = false;
};

}  // namespace gigapi
