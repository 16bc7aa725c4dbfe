// Rows for tests: random batches of every column type with NULLs, and rows as text, to compare what went in with what
// came out.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "model/column_batch.h"
#include "model/schema.h"

namespace gigapi {

/// Tags host and region, then a field of each type: float f, integer i, unsigned u, boolean b, string s.
SchemaPtr EveryTypeSchema();

struct RandomRowsOptions {
  size_t rows = 1000;
  int hosts = 10;
  int64_t begin_ns = 0;
  int64_t span_ns = 1'000'000;  // times lie in [begin, begin + span)
  double null_share = 0.2;      // of each column's rows
  double missing_share = 0.2;   // of columns that the batch lacks
  bool sorted_by_time = false;
};

/// A batch of columns of this schema, deterministic for a generator's state.
ColumnBatch RandomRows(const TableSchema& schema, const RandomRowsOptions& options, std::mt19937_64* random);

/// One text a row: its time and every column of the schema, NULL where the batch lacks it; floats by their bits.
std::vector<std::string> Lines(const TableSchema& schema, const ColumnBatch& batch);

/// Whether rows are sorted by the tags in schema order, NULL first, then time.
bool IsSorted(const TableSchema& schema, const ColumnBatch& batch);

/// A Parquet file as a batch, read by Arrow's own reader (parquet::arrow), not by ours. Fails the test on errors.
ColumnBatch ReadWithArrow(const std::string& path, const TableSchema& schema);

/// A folder that is removed with its contents at the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace gigapi
