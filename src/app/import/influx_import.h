// Imports what an InfluxDB holds, slice of time by slice of time, into a running server.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/import/file_import.h"
#include "app/import/influx_source.h"

namespace gigapi {

struct InfluxImportOptions {
  InfluxServer server;
  bool is_v2 = false;
  std::vector<std::string> measurements;  // of version 1; empty: all
  InfluxSlice range;
  int64_t slice_ns = 0;
  size_t piece_bytes = 2 << 20;
};

/// Goes on where the state says: finished slices are not read again.
Status ImportInflux(const InfluxImportOptions& options, const ImportParts& parts);

}  // namespace gigapi
