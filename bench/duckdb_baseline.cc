// gigapi_bench_duckdb: the queries of queries.h on plain DuckDB in this process, for comparison.
//
//   gigapi_bench_duckdb --from FILE --work DIR [--prepare 1]
//
// FILE lists the Parquet files of the server's table, one a line. With --prepare the rows are first written to DIR once
// more: sorted by (host, time), one file an hour (the queries run on these), and sorted by time into one file with zstd
// (whose size is what the server's bytes on disk are compared with).
#include <duckdb.h>
#include <sys/stat.h>
#include <duckdb/common/arrow/arrow.hpp>

#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "options.h"
#include "process_stats.h"
#include "queries.h"

namespace gigapi::bench {
namespace {

void Execute(duckdb_connection connection, const std::string& sql) {
  duckdb_result result;
  if (duckdb_query(connection, sql.c_str(), &result) == DuckDBError)
    Fail(sql.substr(0, 200) + ": " + duckdb_result_error(&result));
  duckdb_destroy_result(&result);
}

std::string FileList(const std::string& path) {
  std::ifstream lines(path);
  std::string list, line;
  while (std::getline(lines, line)) list += (list.empty() ? "['" : ", '") + line + "'";
  if (list.empty()) Fail("no files are listed in " + path);
  return list + "]";
}

void Prepare(duckdb_connection connection, const std::string& files, const std::string& directory) {
  // Columns by name: the server's files carry the columns of the hive path only in their folders' names.
  const std::string rows =
      "SELECT time, host, region, usage_user, usage_system, usage_idle, usage_nice, usage_iowait FROM read_parquet(" +
      files + ", hive_partitioning = false)";
  Execute(connection,
          "COPY (" + rows + " ORDER BY time) TO '" + directory + "/by_time.parquet' (FORMAT parquet, COMPRESSION zstd)");
  for (int hour = 0; hour < 24; ++hour) {
    const std::string begin = "TIMESTAMP '2025-01-01' + INTERVAL " + std::to_string(hour) + " HOUR";
    Execute(connection, "COPY (FROM '" + directory + "/by_time.parquet' WHERE time >= " + begin + " AND time < " + begin +
                            " + INTERVAL 1 HOUR ORDER BY host, time) TO '" + directory + "/hours/" + std::to_string(hour) +
                            ".parquet' (FORMAT parquet)");
  }
}

/// The answer chunk by chunk as Arrow arrays, which are dropped.
void FetchAsArrow(duckdb_connection connection, const std::string& sql) {
  duckdb_prepared_statement statement;
  duckdb_result result;
  if (duckdb_prepare(connection, sql.c_str(), &statement) == DuckDBError ||
      duckdb_execute_prepared_streaming(statement, &result) == DuckDBError) {
    Fail(sql + ": does not run");
  }
  duckdb_arrow_options options = duckdb_result_get_arrow_options(&result);
  while (duckdb_data_chunk chunk = duckdb_fetch_chunk(result)) {
    ArrowArray array;
    duckdb_error_data error = duckdb_data_chunk_to_arrow(options, chunk, &array);
    if (duckdb_error_data_has_error(error)) Fail(duckdb_error_data_message(error));
    duckdb_destroy_error_data(&error);
    array.release(&array);
    duckdb_destroy_data_chunk(&chunk);
  }
  duckdb_destroy_arrow_options(&options);
  duckdb_destroy_result(&result);
  duckdb_destroy_prepare(&statement);
}

template <typename Run>
void Measure(const std::string& name, const Options& options, const Run& run_once) {
  std::vector<double> wall_ms, cpu_ms;
  for (int64_t run = -options.Integer("warm_runs"); run < options.Integer("runs"); ++run) {
    const double cpu_begin = CpuSeconds(0);
    const double begin = Now();
    run_once();
    if (run < 0) continue;
    wall_ms.push_back((Now() - begin) * 1e3);
    cpu_ms.push_back((CpuSeconds(0) - cpu_begin) * 1e3);
  }
  printf("  {\"name\": \"%s\", \"wall_ms\": %.3f, \"cpu_ms\": %.3f}", name.c_str(), Quantile(wall_ms, 0.5),
         Quantile(cpu_ms, 0.5));
}

/// In the order of gigapi_bench query.
void MeasureAll(duckdb_connection connection, const Options& options) {
  const auto measure = [&](const std::string& name, const std::string& sql) {
    Measure(name, options, [&] { Execute(connection, sql); });
  };
  const auto copy = [&](const char* format) {
    return std::string("COPY (") + kExportQuery.sql + ") TO '/dev/null' (FORMAT " + format + ", USE_TMP_FILE false)";
  };
  printf("[\n");
  for (const auto& query : kQueries) {
    measure(query.name, query.sql);
    printf(",\n");
  }
  measure(kExportQuery.name, copy("json"));
  for (const auto& [name, format] : kExports) {
    printf(",\n");
    if (std::string_view(format) == "arrow") {
      Measure(name, options, [&] { FetchAsArrow(connection, kExportQuery.sql); });
    } else {
      measure(name, copy(format));
    }
  }
  printf(",\n");
  measure(kSmallQuery.name, kSmallQuery.sql);
  printf(",\n");
  measure(kWideQueryName, WideStatement());
  printf("\n]\n");
}

}  // namespace
}  // namespace gigapi::bench

int main(int argc, char** argv) {
  using namespace gigapi::bench;
  const Options options({{"from", ""}, {"work", ""}, {"prepare", "0"}, {"threads", "2"}, {"runs", "11"}, {"warm_runs", "3"}},
                        argc - 1, argv + 1);
  const std::string& directory = options.Text("work");
  duckdb_database database;
  duckdb_connection connection;
  if (duckdb_open(nullptr, &database) == DuckDBError || duckdb_connect(database, &connection) == DuckDBError)
    Fail("DuckDB does not open");
  Execute(connection, "SET threads = " + options.Text("threads"));
  if (options.Integer("prepare") != 0) {
    mkdir((directory + "/hours").c_str(), 0755);
    Prepare(connection, FileList(options.Text("from")), directory);
  }
  // Its own instance for the queries: nothing that the preparation left in memory helps them.
  duckdb_disconnect(&connection);
  duckdb_close(&database);
  if (duckdb_open(nullptr, &database) == DuckDBError || duckdb_connect(database, &connection) == DuckDBError)
    Fail("DuckDB does not open");
  Execute(connection, "SET threads = " + options.Text("threads"));
  Execute(connection, "CREATE VIEW cpu AS FROM read_parquet('" + directory + "/hours/*.parquet')");
  MeasureAll(connection, options);
  duckdb_disconnect(&connection);
  duckdb_close(&database);
  return 0;
}
