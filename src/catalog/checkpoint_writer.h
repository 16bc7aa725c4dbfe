// Writes the checkpoint of a shared catalog (catalog_checkpoint.h) anew where the catalog has changed.
//
// Any number of nodes may do so at once: each part is put on condition that it is still what was read, and a part of which
// one's own idea is older costs others some requests at their start, nothing else. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "catalog/catalog_checkpoint.h"
#include "object_store/object_store.h"

namespace gigapi {

class CheckpointWriter {
 public:
  explicit CheckpointWriter(ObjectStore* store) : store_(store) {}

  /// Lists the catalog, and writes the parts of which a sixteenth or more has changed. Small catalogs have no checkpoint,
  /// nor do stores whose lists have no versions: parts of it that are there go. kCancelled: it was given up, and what was
  /// written stays.
  Status Write(const std::function<bool()>& is_cancelled);

 private:
  Status WritePart(const CheckpointRange& range, const std::function<bool()>& is_cancelled);
  Status RemovePart(const std::string& begin);
  Result<std::vector<CheckpointEntry>> ReadChanged(const CheckpointRange& range, std::vector<CheckpointEntry> known,
                                                   const std::function<bool()>& is_cancelled);

  ObjectStore* const store_;
  std::mutex mutex_;
  /// By where a part begins: of what was listed when the part was last found, or made, to be good enough.
  std::map<std::string, uint32_t> checksums_;
};

}  // namespace gigapi
