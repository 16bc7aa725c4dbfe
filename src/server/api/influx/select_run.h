// Carries out one SELECT of InfluxQL, piece by piece.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "server/api/influx/measurement_finder.h"
#include "server/api/influx/series_rows.h"

namespace gigapi::influx {

struct AnswerColumn {
  std::string name;
  ValueType type = ValueType::kNull;
  bool is_tag = false;  // of GROUP BY
};

/// One thread; blocks while the query engine works.
class SelectRun {
 public:
  /// All must outlive this. `statement` is of kind kSelect.
  SelectRun(Lake* lake, QueryEngine* engine, const Statement& statement, const std::string& database, QueryCancel cancel,
            SeriesSink* sink);

  /// The columns of all series of the answer besides the time, tags first. Of a name that has several types the widest.
  Result<std::vector<AnswerColumn>> Columns();

  /// Gives on some rows; true when there are no more. A failure comes after whatever has been given.
  Result<bool> Step();

 private:
  struct MeasurementPlan {
    std::string measurement;
    SelectPlan plan;
  };

  /// Once.
  Status Plan();
  Status PlanInto(const Statement& statement, std::vector<MeasurementPlan>* plans);
  Status PlanOver(const Statement& statement, const SelectContext& context, std::vector<MeasurementPlan>* plans);
  /// nullptr: UTC.
  Result<std::shared_ptr<const ZoneTable>> Zone(const std::string& name);
  /// Puts instants in the place of texts that are local times.
  Status ReadLocalTimes(Expression* condition);
  /// Of the values of a plan's SQL.
  Result<std::vector<ValueType>> TypesOf(const SelectPlan& plan) const;
  QueryRequest RequestOf(const SelectPlan& plan) const;
  Status NextMeasurement();

  QueryEngine* const engine_;
  const Statement& statement_;
  const QueryCancel cancel_;
  SeriesSink* const sink_;
  MeasurementFinder finder_;
  const int64_t now_ns_;
  SeriesBudget budget_;

  std::map<std::string, std::shared_ptr<const ZoneTable>> zones_;  // by name
  bool planned_ = false;
  std::vector<MeasurementPlan> plans_;
  size_t next_ = 0;  // of plans_
  std::unique_ptr<SeriesRows> rows_;
  std::unique_ptr<QueryStream> stream_;
};

}  // namespace gigapi::influx
