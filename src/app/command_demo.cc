// gigapi demo: a server on a temporary root, a fleet's day written over HTTP, merged, and asked.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "app/commands.h"
#include "app/demo_data.h"
#include "app/node.h"
#include "app/progress_bar.h"
#include "app/query_source.h"
#include "app/stop_signal.h"
#include "base/clock.h"
#include "base/log.h"

namespace gigapi {
namespace {

constexpr char kDatabase[] = "demo";
constexpr int64_t kLinesPerBody = 10'000;
constexpr int64_t kRacks = 4;

struct DemoOptions {
  int64_t rows = 1'000'000;
  int64_t port = 0;
  int64_t flight_port = 0;
  bool exit = false;
};

struct DemoQuery {
  const char* title;
  const char* sql;
};

constexpr DemoQuery kQueries[] = {
    {"How many rows are there?", "SELECT count(*) AS rows, min(time) AS first, max(time) AS last FROM cpu"},
    {"How busy was the fleet, in steps of four hours?",
     "SELECT time_bucket(INTERVAL '4 hours', time) AS t, round(avg(usage_user), 2) AS avg_user,\n"
     "       round(max(usage_user), 2) AS max_user FROM cpu GROUP BY t ORDER BY t"},
    {"Which hosts were busiest in the last hour?",
     "SELECT host, region, round(avg(usage_user), 2) AS avg_user FROM cpu\n"
     "WHERE time > now() - INTERVAL '1 hour' GROUP BY ALL ORDER BY avg_user DESC LIMIT 5"},
    {"What is the latest memory of each region's hosts?",
     "SELECT region, count(*) AS hosts, round(sum(free) / 1e9, 1) AS free_gb FROM\n"
     "  (SELECT host, region, arg_max(memory_free, time) AS free FROM cpu GROUP BY ALL)\n"
     "GROUP BY region ORDER BY region"},
};

/// A folder that is gone when this is.
class TemporaryRoot {
 public:
  static Result<std::unique_ptr<TemporaryRoot>> Make() {
    std::string path = (std::filesystem::temp_directory_path() / "gigapi-demo-XXXXXX").string();
    if (mkdtemp(path.data()) == nullptr) return Errorf(ErrorKind::kUnavailable, "cannot make a folder {}", path);
    return std::unique_ptr<TemporaryRoot>(new TemporaryRoot(std::move(path)));
  }
  ~TemporaryRoot() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  explicit TemporaryRoot(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

/// Nothing is merged before the demo says so.
Settings DemoSettings(const DemoOptions& options, const std::string& root) {
  Settings settings;
  settings.root = root;
  settings.http_host = "127.0.0.1";
  settings.http_port = options.port;
  settings.flightsql_port = options.flight_port;
  settings.no_merges = true;
  settings.drop_delay_ms = 0;
  return settings;
}

double SecondsSince(int64_t steady_ns) {
  return static_cast<double>(SteadyNanos() - steady_ns) / static_cast<double>(kNanosPerSecond);
}

Status Interrupted() { return Error(ErrorKind::kCancelled, "interrupted"); }

struct Written {
  int64_t rows = 0;
  int64_t bytes = 0;
};

Status WriteRack(DemoRack* rack, HttpClient* client, ProgressBar* bar, Written* written) {
  while (!rack->done()) {
    if (StopSignalPending()) return Interrupted();
    const std::string lines = rack->NextLines(kLinesPerBody);
    ARROW_RETURN_NOT_OK(
        client->Fetch({.target = fmt::format("/write?db={}", kDatabase), .content_type = "text/plain", .body = lines})
            .status());
    written->rows += std::ranges::count(lines, '\n');
    written->bytes += static_cast<int64_t>(lines.size());
    bar->Update(written->rows, fmt::format("{} rows", Grouped(written->rows)));
  }
  return Status::OK();
}

/// One rack after the other, each flushed at its end: then each hour has several files, and there is something to merge.
Status WriteDay(const DemoOptions& options, Node* node) {
  HttpClient client({.host = "127.0.0.1", .port = node->port()});
  const int64_t end_ns = WallNanos();
  const int64_t rack_rows = (options.rows + kRacks - 1) / kRacks;
  ProgressBar bar("writing", options.rows);
  const int64_t started = SteadyNanos();
  Written written;
  for (int64_t i = 0; i < kRacks; ++i) {
    DemoRack rack(i, rack_rows, end_ns);
    ARROW_RETURN_NOT_OK(WriteRack(&rack, &client, &bar, &written));
    ARROW_RETURN_NOT_OK(node->lake()->FlushAll());
  }
  const double seconds = SecondsSince(started);
  bar.Finish(
      fmt::format("{} rows, {:.0f} MB of line protocol, over one connection, in {:.1f} s: {} rows/s, each on disk before it "
                  "was acknowledged",
                  Grouped(written.rows), static_cast<double>(written.bytes) / 1e6, seconds,
                  Grouped(static_cast<int64_t>(static_cast<double>(written.rows) / seconds))));
  return Status::OK();
}

struct FileCount {
  int64_t files = 0;
  int64_t bytes = 0;
};

FileCount CountFiles(Lake* lake) {
  FileCount count;
  for (const auto& partition : lake->ListPartitions()) {
    count.files += static_cast<int64_t>(partition.files.size());
    for (const auto& file : partition.files) count.bytes += file->size_bytes;
  }
  return count;
}

/// Brings each hour to one file.
Status MergeDay(Node* node) {
  const FileCount before = CountFiles(node->lake());
  const int64_t started = SteadyNanos();
  ARROW_RETURN_NOT_OK(node->merges()->MergeAll());
  const FileCount after = CountFiles(node->lake());
  fmt::print(stderr, "merged {} Parquet files of {:.1f} MB to {} of {:.1f} MB, one an hour, in {:.1f} s\n", before.files,
             static_cast<double>(before.bytes) / 1e6, after.files, static_cast<double>(after.bytes) / 1e6,
             SecondsSince(started));
  return Status::OK();
}

Status AskAll(int port) {
  const auto source = ServerQuerySource({.host = "127.0.0.1", .port = port});
  for (const auto& query : kQueries) {
    if (StopSignalPending()) return Interrupted();
    const int64_t started = SteadyNanos();
    ARROW_ASSIGN_OR_RAISE(const std::string table, QueryTable(source.get(), query.sql, kDatabase, 20));
    fmt::print("\n{}\n\n{}\n\n{}{:.1f} ms\n", query.title, query.sql, table, SecondsSince(started) * 1e3);
    std::fflush(stdout);
  }
  return Status::OK();
}

Status Demo(const DemoOptions& options) {
  ARROW_ASSIGN_OR_RAISE(const auto root, TemporaryRoot::Make());
  ARROW_ASSIGN_OR_RAISE(const auto node, Node::Start(DemoSettings(options, root->path()), nullptr));
  fmt::print(stderr, "gigapi listens on http://localhost:{}, data in {}\n", node->port(), root->path());
  ARROW_RETURN_NOT_OK(WriteDay(options, node.get()));
  ARROW_RETURN_NOT_OK(MergeDay(node.get()));
  ARROW_RETURN_NOT_OK(AskAll(node->port()));
  if (options.exit) return node->Stop();
  fmt::print(R"(
Ask on, from another terminal; Ctrl-C ends the server and removes its data:

  gigapi query "SELECT * FROM cpu LIMIT 3" --db {} --url http://localhost:{}

Flight SQL is on port {}; deploy/grafana has a dashboard for these rows.
)",
             kDatabase, node->port(), node->flight_port());
  std::fflush(stdout);
  WaitForStopSignal();
  return node->Stop();
}

int RunDemo(const DemoOptions& options) {
  ConfigureLog("warn");
  BlockStopSignals();
  const Status status = Demo(options);
  return status.ok() ? 0 : Fail(status);
}

}  // namespace

void AddDemoCommand(CLI::App* app, CommandBody* body) {
  CLI::App* command = app->add_subcommand("demo", "Write a million rows to a server of its own and ask it four questions");
  command->footer(
      R"(Starts a server on a temporary folder and this machine's loopback address, writes a day of 100 hosts over HTTP, waits
until each hour is merged to one Parquet file, runs four queries, and keeps serving until Ctrl-C. The folder is removed at
the end.

Examples:
  gigapi demo
  gigapi demo --exit --rows 100000)");
  auto options = std::make_shared<DemoOptions>();
  command->add_option("--rows", options->rows, "Rows to write")
      ->capture_default_str()
      ->check(CLI::Range(int64_t{1}, int64_t{1'000'000'000}))
      ->type_name("N");
  command->add_option("--port", options->port, "Port to listen on; 0 is any free one")
      ->capture_default_str()
      ->check(CLI::Range(0, 65'535))
      ->type_name("PORT");
  command->add_option("--flight-port", options->flight_port, "Port of Flight SQL; 0 is any free one")
      ->capture_default_str()
      ->check(CLI::Range(0, 65'535))
      ->type_name("PORT");
  command->add_flag("--exit", options->exit, "End after the queries");
  command->callback([=] { *body = [=] { return RunDemo(*options); }; });
}

}  // namespace gigapi
