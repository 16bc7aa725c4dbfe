// gigapi_bench query_load: the smallest question over many connections at once, each of another host, as fast as it is
// answered.
#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>
#include <vector>

#include "commands.h"
#include "http_connection.h"
#include "options.h"
#include "process_stats.h"
#include "queries.h"

namespace gigapi::bench {
namespace {

std::string LastValueOf(int64_t host) {
  return "SELECT usage_user FROM cpu WHERE host = 'host_" + std::to_string(host) + "' ORDER BY time DESC LIMIT 1";
}

}  // namespace

int RunQueryLoad(int argc, char** argv) {
  const Options options({{"host", "127.0.0.1"},
                         {"port", "7971"},
                         {"db", "bench"},
                         {"pid", "0"},
                         {"connections", "16"},
                         {"hosts", "1000"},
                         {"warm_s", "1"},
                         {"seconds", "5"}},
                        argc, argv);
  const auto pid = static_cast<pid_t>(options.Integer("pid"));
  const std::string target = "/query?db=" + options.Text("db");
  const double measured_from = Now() + options.Number("warm_s");
  const double end = measured_from + options.Number("seconds");
  std::atomic<int64_t> next{0};
  std::mutex mutex;
  std::vector<double> latencies_ms;
  const auto ask = [&] {
    HttpConnection connection(options.Text("host"), static_cast<int>(options.Integer("port")));
    std::vector<double> mine_ms;
    for (double begin = Now(); begin < end; begin = Now()) {
      const auto answer = connection.Post(target, "Content-Type: application/json\r\n",
                                          JsonBody(LastValueOf(next++ * 7 % options.Integer("hosts"))));
      if (answer.status != 200) Fail(std::to_string(answer.status) + " " + answer.beginning);
      if (begin >= measured_from) mine_ms.push_back((Now() - begin) * 1e3);
    }
    std::lock_guard lock(mutex);
    latencies_ms.insert(latencies_ms.end(), mine_ms.begin(), mine_ms.end());
  };
  std::vector<std::thread> clients;
  const double cpu_begin = pid != 0 ? CpuSeconds(pid) : 0;
  for (int64_t c = 0; c < options.Integer("connections"); ++c) clients.emplace_back(ask);
  for (auto& client : clients) client.join();
  const double cpu_s = pid != 0 ? CpuSeconds(pid) - cpu_begin : 0;
  printf("{\"queries_per_s\": %.0f, \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"cpu_ms_a_query\": %.3f}\n",
         static_cast<double>(latencies_ms.size()) / options.Number("seconds"), Quantile(latencies_ms, 0.5),
         Quantile(latencies_ms, 0.99), cpu_s * 1e3 / static_cast<double>(next));
  return 0;
}

}  // namespace gigapi::bench
