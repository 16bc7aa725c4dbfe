// The rows of a plan's SQL on their way to the sink: told apart into series, gaps filled, derivatives computed, limits
// kept. Streams; holds two rows, with fill(linear) those that wait for the next value of a field.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "server/api/influx/select_plan.h"
#include "server/api/influx/series_sink.h"

namespace gigapi::influx {

/// How many series of a whole statement are answered: SLIMIT and SOFFSET, over all its measurements.
struct SeriesBudget {
  int64_t to_skip = 0;
  std::optional<int64_t> left;

  bool exhausted() const { return left == 0; }
};

/// One measurement of one statement. One thread.
class SeriesRows {
 public:
  /// All must outlive this.
  SeriesRows(SelectPlan* plan, std::string_view measurement, SeriesBudget* budget, SeriesSink* sink)
      : plan_(*plan), measurement_(measurement), budget_(*budget), sink_(*sink) {}

  /// Rows in the order of the plan.
  void Push(std::vector<std::string> tags, SeriesRow row);
  void Finish();

 private:
  void BeginSeries(std::vector<std::string> tags);
  void EndSeries();
  /// The empty intervals before `row`, or up to the end of what is wanted.
  void FillBefore(const SeriesRow* next);
  SeriesRow Filled(int64_t time_ns) const;
  SeriesValue FillNumber(size_t value) const;
  /// fill(linear): keeps the row until the values that it lacks are known, and gives on those that are complete now.
  void Hold(SeriesRow row);
  void Interpolate(const SeriesRow& row, size_t value);
  void EmitHeld(size_t rows);
  void Emit(const SeriesRow& row);

  SelectPlan& plan_;
  const std::string_view measurement_;
  SeriesBudget& budget_;
  SeriesSink& sink_;

  std::optional<std::vector<std::string>> tags_;  // of the open series
  bool skipped_ = false;                          // the open series is not wanted
  bool begun_ = false;                            // the sink knows of it
  std::optional<SeriesRow> last_;                 // the last row with values, each the last that was there
  std::optional<int64_t> last_time_ns_;           // of the last interval that was given on
  int64_t rows_ = 0;                              // of the series, before limits
  std::vector<SeriesRow> held_;                   // rows that wait; only with fill(linear)
  struct Known {
    int64_t time_ns;
    SeriesValue value;
  };
  std::vector<std::optional<Known>> known_;  // the last of each value; only with fill(linear)
};

}  // namespace gigapi::influx
