#include "storage/data_file.h"

#include <atomic>

namespace gigapi {

uint64_t NewDataFileId() {
  static std::atomic<uint64_t> next{1};
  return next.fetch_add(1);
}

}  // namespace gigapi
