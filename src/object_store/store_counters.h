// What a store counts while it works.
#pragma once

#include <atomic>

#include "object_store/object_store.h"

namespace gigapi {

struct StoreCounters {
  std::atomic<int64_t> gets{0};
  std::atomic<int64_t> puts{0};
  std::atomic<int64_t> lists{0};
  std::atomic<int64_t> removes{0};
  std::atomic<int64_t> retries{0};
  std::atomic<int64_t> failures{0};
  std::atomic<int64_t> read_bytes{0};
  std::atomic<int64_t> written_bytes{0};

  StoreMetrics Read() const {
    return {.get_requests_total = gets,
            .put_requests_total = puts,
            .list_requests_total = lists,
            .remove_requests_total = removes,
            .retries_total = retries,
            .failures_total = failures,
            .read_bytes_total = read_bytes,
            .written_bytes_total = written_bytes};
  }
};

}  // namespace gigapi
