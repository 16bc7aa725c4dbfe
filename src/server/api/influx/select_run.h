// Carries out one SELECT of InfluxQL, piece by piece.
#pragma once

#include <memory>
#include <string>

#include "server/api/influx/measurement_finder.h"
#include "server/api/influx/series_rows.h"

namespace gigapi::influx {

/// One thread; blocks while the query engine works.
class SelectRun {
 public:
  /// All must outlive this. `statement` is of kind kSelect.
  SelectRun(Lake* lake, QueryEngine* engine, const Statement& statement, const std::string& database, QueryCancel cancel,
            SeriesWriter* writer);

  /// Writes some rows; true when there are no more. A failure comes after whatever has been written.
  Result<bool> Step();

 private:
  Status NextMeasurement();

  QueryEngine* const engine_;
  const Statement& statement_;
  const QueryCancel cancel_;
  SeriesWriter* const writer_;
  MeasurementFinder finder_;
  const int64_t now_ns_;
  SeriesBudget budget_;

  bool found_ = false;
  std::vector<TableSnapshotPtr> tables_;  // that are left, the next at the end
  std::string measurement_;
  std::unique_ptr<SelectPlan> plan_;
  std::unique_ptr<SeriesRows> rows_;
  std::unique_ptr<QueryStream> stream_;
};

}  // namespace gigapi::influx
