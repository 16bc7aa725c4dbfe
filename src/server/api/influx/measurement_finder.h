// Which databases, measurements and names a statement means.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "lake/lake.h"
#include "query/query_engine.h"
#include "server/api/influx/influxql_ast.h"

namespace gigapi::influx {

using Tables = std::map<std::string, TableSnapshotPtr>;

/// Of one statement; one thread. Regular expressions are matched by the query engine: it has InfluxDB's kind, whose time
/// does not explode.
class MeasurementFinder {
 public:
  /// `lake` and `engine` must outlive it.
  MeasurementFinder(Lake* lake, QueryEngine* engine, std::string database, QueryCancel cancel)
      : lake_(lake), engine_(engine), database_(std::move(database)), cancel_(std::move(cancel)) {}

  const std::string& database() const { return database_; }
  Result<Tables> FindDatabase() const;
  /// The tables that FROM names, or all; subqueries are passed over. A source that names a database makes it the
  /// statement's.
  Result<std::vector<TableSnapshotPtr>> FindSources(const std::vector<Source>& sources);

  Result<std::vector<std::string>> Matching(std::vector<std::string> names, const NameMatch& match) const;

  /// Runs SQL in the database and shows its rows.
  using Visit = std::function<void(const arrow::RecordBatch& batch, int64_t row)>;
  Status Select(std::string sql, const Visit& visit) const;

 private:
  Result<std::vector<std::string>> MatchingRegex(const std::vector<std::string>& names, const NameMatch& match) const;

  Lake* const lake_;
  QueryEngine* const engine_;
  std::string database_;
  const QueryCancel cancel_;
  mutable size_t values_ = 0;
};

/// Of one answer that is made in memory.
inline constexpr size_t kValuesMax = 1'000'000;

/// A text of an Arrow array; empty for other types.
std::string_view TextAt(const arrow::Array& array, int64_t row);

}  // namespace gigapi::influx
