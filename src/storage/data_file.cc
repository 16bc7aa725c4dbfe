#include "storage/data_file.h"

#include <atomic>

namespace gigapi {

Result<std::shared_ptr<ReadableFile>> OpenDataFile(const DataFile& file, std::shared_ptr<ReadCounters> counters) {
  return file.layer->Open(file.key, static_cast<uint64_t>(file.size_bytes), std::move(counters));
}

uint64_t NewDataFileId() {
  static std::atomic<uint64_t> next{1};
  return next.fetch_add(1);
}

}  // namespace gigapi
