// Query results as an aligned text table.
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"

namespace gigapi {

/// Collects rows and formats them. Not thread-safe.
class TablePrinter {
 public:
  /// Rows after the first `rows_shown_max` are only counted.
  TablePrinter(const arrow::Schema& schema, int64_t rows_shown_max);

  Status Add(const arrow::RecordBatch& batch);
  /// Header, rows and a last line "(3 rows)" or "(1000 of 86400 rows)".
  std::string Format() const;

 private:
  struct Column {
    std::string name;
    bool right = false;  // numbers
    std::vector<std::string> cells;
  };
  std::vector<Column> columns_;
  int64_t rows_shown_max_;
  int64_t rows_shown_ = 0;
  int64_t rows_ = 0;
};

}  // namespace gigapi
