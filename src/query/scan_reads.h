// What one scan has read of files: shown by EXPLAIN ANALYZE. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_set>

#include "object_store/cache/read_cache.h"

namespace gigapi {

class ScanReads {
 public:
  /// What reads of the scan's files count in. Files on a local disk are read past it.
  const std::shared_ptr<ReadCounters>& counters() const { return counters_; }

  /// A file may be opened several times. One that never is was answered from what DuckDB still holds of it.
  void NoteOpened(uint64_t file_id) {
    const std::lock_guard<std::mutex> guard(lock_);
    opened_.insert(file_id);
  }
  size_t files_opened() const {
    const std::lock_guard<std::mutex> guard(lock_);
    return opened_.size();
  }

 private:
  const std::shared_ptr<ReadCounters> counters_ = std::make_shared<ReadCounters>();
  mutable std::mutex lock_;
  std::unordered_set<uint64_t> opened_;
};

}  // namespace gigapi
