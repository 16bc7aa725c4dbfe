// The workload as Arrow IPC streams: a batch a body, tags as dictionaries.
#pragma once

#include <cstdint>
#include <string>

#include "workload.h"

namespace gigapi::bench {

void AppendArrowStream(const Workload& workload, int64_t first, int64_t last, std::string* out);

}  // namespace gigapi::bench
