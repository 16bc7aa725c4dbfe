// Rows that come over Flight, on the way that every write goes.
#pragma once

#include <arrow/flight/server.h>

#include <string>

#include "lake/lake.h"
#include "server/api/flight_sql/flight_stats.h"

namespace gigapi::flight {

/// What is to happen when the table is there, and when it is not.
enum class TableMode {
  kAppend,          // it must be there
  kCreate,          // it must not be there
  kCreateOrAppend,  // either
  kReplace,         // it is dropped first
};

struct IngestTarget {
  std::string database;
  std::string table;
  TableMode mode = TableMode::kCreateOrAppend;
};

struct IngestLimits {
  int64_t columns_per_table_max = 1'000;
  int64_t batch_bytes_max = 256 << 20;
};

/// Thread-safe.
class Ingest {
 public:
  /// Both must outlive it.
  Ingest(Lake* lake, FlightStats* stats, IngestLimits limits) : lake_(lake), stats_(stats), limits_(limits) {}

  /// Reads the stream to its end and returns the number of rows, all of which are kept as `durability` promises. Batches are
  /// written as they come, so that a stream may be of any length: when one fails, those before it are kept, and the error
  /// says how many rows they had.
  Result<int64_t> Write(const IngestTarget& target, arrow::flight::FlightMessageReader* stream);

 private:
  Status Prepare(const IngestTarget& target);
  Result<int64_t> WriteRows(const IngestTarget& target, arrow::flight::FlightMessageReader* stream);
  Status WriteBatches(const IngestTarget& target, const arrow::RecordBatchVector& batches, int64_t* rows);

  Lake* const lake_;
  FlightStats* const stats_;
  const IngestLimits limits_;
};

}  // namespace gigapi::flight
