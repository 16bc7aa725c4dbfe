// What the operating system says of this process.
#pragma once

#include "server/metrics/exposition.h"

namespace gigapi {

/// Processor seconds, memory, file descriptors, start time, with Prometheus' usual names.
void WriteProcessMetrics(Exposition* out);

}  // namespace gigapi
