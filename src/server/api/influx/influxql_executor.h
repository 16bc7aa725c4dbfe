// Carries out statements of InfluxQL and says what InfluxDB 1 says of them.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "lake/lake.h"
#include "query/query_engine.h"
#include "server/api/influx/influxql_ast.h"

namespace gigapi::influx {

using ListedCell = std::variant<std::string, int64_t, bool>;

/// What a SHOW lists.
struct ListedSeries {
  std::string name;  // may be empty
  std::vector<std::string> columns;
  std::vector<std::vector<ListedCell>> values;
};

/// Thread-safe. Blocks for as long as a drop or a query takes: to be called on a query thread.
class InfluxQlExecutor {
 public:
  /// Both must outlive the executor.
  InfluxQlExecutor(Lake* lake, QueryEngine* engine) : lake_(lake), engine_(engine) {}

  /// Any statement but SELECT, which select_run.h has. `database` holds where the statement has no ON.
  Result<std::vector<ListedSeries>> Execute(const Statement& statement, const std::string& database, QueryCancel cancel);

  /// One element of "results": {"statement_id":0,"series":[...]}, or with "error" for what failed. `read_only`: it came by
  /// GET, which InfluxDB warns of when something is changed.
  std::string Run(const Statement& statement, size_t statement_id, const std::string& database, bool read_only,
                  QueryCancel cancel);

 private:
  Lake* const lake_;
  QueryEngine* const engine_;
};

}  // namespace gigapi::influx
