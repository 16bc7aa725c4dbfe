// The queries of the benchmark, the same text for the server and for plain DuckDB. They fit the workload over 24 hours that
// starts at 2025-01-01 00:00 UTC (--start_s 1735689600 --spread_s 86400).
#pragma once

#include <string>
#include <string_view>

namespace gigapi::bench {

struct BenchQuery {
  const char* name;
  const char* sql;
};

inline constexpr BenchQuery kQueries[] = {
    {"count(*)", "SELECT count(*) FROM cpu"},
    {"avg by 1 h, all", "SELECT date_trunc('hour', time) AS h, avg(usage_user) FROM cpu GROUP BY h ORDER BY h"},
    {"avg by host, last hour",
     "SELECT host, avg(usage_user) FROM cpu WHERE time >= TIMESTAMP '2025-01-01 23:00:00' GROUP BY host ORDER BY host"},
    {"last value of each host", "SELECT host, arg_max(usage_user, time) FROM cpu GROUP BY host ORDER BY host"},
    {"one host, last hour, rows",
     "SELECT * FROM cpu WHERE host = 'host_500' AND time >= TIMESTAMP '2025-01-01 23:00:00' ORDER BY time"},
    {"one host, 24 h by 1 h",
     "SELECT date_trunc('hour', time) AS h, avg(usage_user), max(usage_system) FROM cpu WHERE host = 'host_500' GROUP BY h "
     "ORDER BY h"},
    {"max of 5 fields by region",
     "SELECT region, max(usage_user), max(usage_system), max(usage_idle), max(usage_nice), max(usage_iowait) FROM cpu "
     "GROUP BY region ORDER BY region"},
};

/// Answers in several formats: the server's over HTTP, DuckDB's by COPY to nowhere (Arrow: fetched as arrays, and dropped).
inline constexpr BenchQuery kExportQuery = {"SELECT * LIMIT 1,000,000 as JSON", "SELECT * FROM cpu LIMIT 1000000"};

/// The same in the other formats.
struct BenchExport {
  const char* name;
  const char* format;
};
inline constexpr BenchExport kExports[] = {
    {"SELECT * LIMIT 1,000,000 as CSV", "csv"},
    {"SELECT * LIMIT 1,000,000 as Arrow", "arrow"},
    {"SELECT * LIMIT 1,000,000 as Parquet", "parquet"},
};

/// A dashboard's smallest question.
inline constexpr BenchQuery kSmallQuery = {"one host's last value",
                                           "SELECT usage_user FROM cpu WHERE host = 'host_500' ORDER BY time DESC LIMIT 1"};

/// About 30 KB with 500 columns, as programs write them.
inline constexpr const char* kWideQueryName = "30 KB with 500 columns";
inline std::string WideStatement() {
  std::string sql = "SELECT ";
  for (int i = 0; i < 500; ++i) {
    sql += (i == 0 ? "" : ", ") +
           ("usage_user * " + std::to_string(i) + " + usage_system AS column_of_a_report_number_" + std::to_string(i));
  }
  return sql + " FROM cpu WHERE time >= TIMESTAMP '2025-01-01 23:59:59' LIMIT 1";
}

/// The body that asks the server.
inline std::string JsonBody(std::string_view sql) {
  std::string body = R"({"query": ")";
  for (const char c : sql) {
    if (c == '"' || c == '\\') body += '\\';
    body += c;
  }
  return body + R"("})";
}

}  // namespace gigapi::bench
