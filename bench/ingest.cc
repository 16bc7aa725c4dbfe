// gigapi_bench ingest: rows over several keep-alive connections, as fast as the server acknowledges.
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <ctime>
#include <mutex>
#include <thread>

#include "commands.h"
#include "http_connection.h"
#include "options.h"
#include "process_stats.h"
#include "workload.h"

namespace gigapi::bench {
namespace {

struct Outcome {
  std::mutex mutex;
  std::vector<double> latencies_ms;
  int64_t errors = 0;
  std::string first_error;
};

void SendBodies(const Options& options, const Format& format, const std::vector<std::string>& bodies,
                std::atomic<size_t>* next, Outcome* outcome) {
  HttpConnection connection(options.Text("host"), static_cast<int>(options.Integer("port")));
  const std::string target = format.target + options.Text("db");
  const std::string headers =
      std::string("Content-Type: ") + format.content_type + "\r\nx-arc-database: " + options.Text("db") + "\r\n";
  std::vector<double> latencies_ms;
  for (size_t b = (*next)++; b < bodies.size(); b = (*next)++) {
    const double begin = Now();
    const auto answer = connection.Post(target, headers, bodies[b]);
    latencies_ms.push_back((Now() - begin) * 1e3);
    if (answer.status == 204) continue;
    std::lock_guard lock(outcome->mutex);
    ++outcome->errors;
    if (outcome->first_error.empty()) outcome->first_error = std::to_string(answer.status) + " " + answer.beginning;
    if (answer.status == 0) break;
  }
  std::lock_guard lock(outcome->mutex);
  outcome->latencies_ms.insert(outcome->latencies_ms.end(), latencies_ms.begin(), latencies_ms.end());
}

Workload WorkloadOf(const Options& options) {
  Workload workload;
  workload.rows = options.Integer("rows");
  workload.hosts = options.Integer("hosts");
  workload.spread_ns = options.Integer("spread_s") * 1'000'000'000;
  workload.start_ns = options.Integer("start_s") * 1'000'000'000;
  if (workload.start_ns == 0) workload.start_ns = time(nullptr) * 1'000'000'000 - workload.spread_ns;
  return workload;
}

}  // namespace

int RunIngest(int argc, char** argv) {
  const Options options({{"host", "127.0.0.1"},
                         {"port", "7971"},
                         {"db", "bench"},
                         {"connections", "4"},
                         {"lines", "10000"},
                         {"format", "lines"},
                         {"rows", "10000000"},
                         {"hosts", "1000"},
                         {"start_s", "0"},
                         {"spread_s", "3600"},
                         {"pid", "0"},
                         {"idle_window_s", "3"},
                         {"idle_timeout_s", "300"}},
                        argc, argv);
  const Workload workload = WorkloadOf(options);
  const Format* const format = FindFormat(options.Text("format"));
  if (format == nullptr) Fail(std::string("--format is one of ") + kFormatNames);
  const auto bodies = MakeBodies(workload, *format, options.Integer("lines"));
  int64_t bytes = 0;
  for (const auto& body : bodies) bytes += static_cast<int64_t>(body.size());

  const auto pid = static_cast<pid_t>(options.Integer("pid"));
  const double server_cpu_before = pid != 0 ? CpuSeconds(pid) : 0;
  const double client_cpu_before = CpuSeconds(0);
  const double begin = Now();
  Outcome outcome;
  std::atomic<size_t> next{0};
  std::vector<std::thread> connections;
  for (int64_t c = 0; c < options.Integer("connections"); ++c) {
    connections.emplace_back([&] { SendBodies(options, *format, bodies, &next, &outcome); });
  }
  for (auto& connection : connections) connection.join();
  const double wall_s = Now() - begin;
  const double client_cpu_s = CpuSeconds(0) - client_cpu_before;

  const auto rows = static_cast<double>(workload.rows);
  printf(
      "{\"rows\": %.0f, \"bytes_per_line\": %.1f, \"wall_s\": %.3f, \"rows_per_s\": %.0f, \"errors\": %lld, "
      "\"ack_p50_ms\": %.3f, \"ack_p99_ms\": %.3f, \"ack_max_ms\": %.3f, \"client_cpu_s\": %.3f",
      rows, static_cast<double>(bytes) / rows, wall_s, rows / wall_s, static_cast<long long>(outcome.errors),
      Quantile(outcome.latencies_ms, 0.5), Quantile(outcome.latencies_ms, 0.99), Quantile(outcome.latencies_ms, 1),
      client_cpu_s);
  if (pid != 0) {
    const double cpu_at_last_ack_s = CpuSeconds(pid) - server_cpu_before;
    double cpu_s = 0;
    const bool idle = WaitUntilIdle(pid, options.Number("idle_window_s"), options.Number("idle_timeout_s"), &cpu_s);
    cpu_s -= server_cpu_before;
    printf(
        ", \"server_cpu_at_last_ack_s\": %.3f, \"server_cpu_s\": %.3f, \"rows_per_server_cpu_s\": %.0f, \"went_idle\": %s, "
        "\"peak_memory_bytes\": %lld",
        cpu_at_last_ack_s, cpu_s, rows / cpu_s, idle ? "true" : "false", static_cast<long long>(PeakMemoryBytes(pid)));
  }
  printf("}\n");
  if (outcome.errors > 0) fprintf(stderr, "bench: first error: %s\n", outcome.first_error.c_str());
  return outcome.errors == 0 ? 0 : 1;
}

}  // namespace gigapi::bench
