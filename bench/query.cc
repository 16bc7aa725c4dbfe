// gigapi_bench query: the queries of queries.h over HTTP, one after the other on one connection, warm.
#include <cstdio>

#include "commands.h"
#include "http_connection.h"
#include "options.h"
#include "process_stats.h"
#include "queries.h"

namespace gigapi::bench {
namespace {

void RunOne(const Options& options, const std::string& name, std::string_view sql, const char* format,
            HttpConnection* connection) {
  const auto pid = static_cast<pid_t>(options.Integer("pid"));
  const std::string target = "/query?db=" + options.Text("db") + "&format=" + format;
  const std::string body = JsonBody(sql);
  std::vector<double> wall_ms, cpu_ms;
  int64_t answer_bytes = 0;
  for (int64_t run = -options.Integer("warm_runs"); run < options.Integer("runs"); ++run) {
    const double cpu_begin = pid != 0 ? CpuSeconds(pid) : 0;
    const double begin = Now();
    const auto answer = connection->Post(target, "Content-Type: application/json\r\n", body);
    if (answer.status != 200) Fail(name + ": " + std::to_string(answer.status) + " " + answer.beginning);
    answer_bytes = answer.body_bytes;
    if (run < 0) continue;
    wall_ms.push_back((Now() - begin) * 1e3);
    cpu_ms.push_back(pid != 0 ? (CpuSeconds(pid) - cpu_begin) * 1e3 : 0);
  }
  printf("  {\"name\": \"%s\", \"wall_ms\": %.3f, \"cpu_ms\": %.3f, \"answer_bytes\": %lld}", name.c_str(),
         Quantile(wall_ms, 0.5), Quantile(cpu_ms, 0.5), static_cast<long long>(answer_bytes));
}

}  // namespace

int RunQueries(int argc, char** argv) {
  const Options options(
      {{"host", "127.0.0.1"}, {"port", "7971"}, {"db", "bench"}, {"pid", "0"}, {"runs", "11"}, {"warm_runs", "3"}}, argc,
      argv);
  HttpConnection connection(options.Text("host"), static_cast<int>(options.Integer("port")));
  printf("[\n");
  const auto run = [&](const char* name, std::string_view sql, const char* format) {
    RunOne(options, name, sql, format, &connection);
  };
  for (const auto& query : kQueries) {
    run(query.name, query.sql, "json");
    printf(",\n");
  }
  run(kExportQuery.name, kExportQuery.sql, "json");
  for (const auto& [name, format] : kExports) {
    printf(",\n");
    run(name, kExportQuery.sql, format);
  }
  printf(",\n");
  run(kSmallQuery.name, kSmallQuery.sql, "json");
  printf(",\n");
  run(kWideQueryName, WideStatement(), "json");
  printf("\n]\n");
  return 0;
}

}  // namespace gigapi::bench
