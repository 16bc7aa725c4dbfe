// What one write request became: rows by table, and the lines that were refused.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/column_batch.h"

namespace gigapi {

struct TableRows {
  std::string table;
  ColumnBatch rows;
};

/// A line (or object, or row) of a request that was refused.
struct RefusedLine {
  int64_t line = 0;      // counted from 1
  std::string reason;    // as the client sees it
  std::string original;  // the line, shortened
};

struct WriteBatch {
  std::vector<TableRows> tables;  // each with at least one row
  int64_t accepted_rows = 0;
  int64_t refused_rows = 0;
  std::vector<RefusedLine> refused;  // the first of them, at most kMaxRefusedShown
  /// Where and why the body could not be read on: there may be more rows than are counted.
  std::optional<RefusedLine> broken;

  static constexpr size_t kMaxRefusedShown = 100;
};

}  // namespace gigapi
