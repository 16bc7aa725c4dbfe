#include "app/server_job.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <thread>

#include "app/backup_flags.h"
#include "app/stop_signal.h"

namespace gigapi {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPollInterval{200};

Result<ServerJobState> ReadState(const std::string& body) {
  simdjson::dom::parser parser;
  simdjson::dom::object json;
  if (parser.parse(body).get_object().get(json) != simdjson::SUCCESS) {
    return Error(ErrorKind::kUnavailable, "the server does not answer as a gigapi does");
  }
  ServerJobState state;
  const auto read = [&json](const char* key, auto* value) {
    if (json[key].get(*value) != simdjson::SUCCESS) *value = {};
  };
  const auto read_text = [&json](const char* key, std::string* value) {
    std::string_view text;
    if (json[key].get(text) == simdjson::SUCCESS) *value = text;
  };
  read_text("state", &state.phase);
  read_text("id", &state.id);
  read_text("error", &state.error);
  read_text("waits_for", &state.waits_for);
  read("begun_ns", &state.begun_ns);
  read("files_total", &state.progress.files_total);
  read("bytes_total", &state.progress.bytes_total);
  read("files_done", &state.progress.files_done);
  read("bytes_done", &state.progress.bytes_done);
  read("bytes_copied", &state.progress.bytes_copied);
  read("files", &state.totals.files);
  read("rows", &state.totals.rows);
  read("tables", &state.totals.tables);
  read("bytes", &state.totals.bytes);
  return state;
}

}  // namespace

Result<ServerJobState> ServerJob::Ask(const std::string& method, const std::string& body) {
  HttpRequest request{.method = method, .target = "/api/v1/" + what_, .content_type = "application/json", .body = body};
  ARROW_ASSIGN_OR_RAISE(const HttpAnswer answer, client_.Ask(request));
  if (answer.status / 100 != 2) return Errorf(ErrorKind::kUnavailable, "{}", ErrorText(answer.body));
  return ReadState(answer.body);
}

Result<ServerJobState> ServerJob::Poll() {
  const auto give_up = Clock::now() + outage_max_;
  while (true) {
    auto state = Ask("GET", "");
    if (state.ok() || Clock::now() > give_up) return state;
    std::this_thread::sleep_for(kPollInterval);
  }
}

Result<ServerJobState> ServerJob::Watch(ServerJobState state) {
  const int64_t begun_ns = state.begun_ns;
  BackupBar bar(what_);
  std::string told;
  for (bool cancelled = false; state.phase == "running" && state.begun_ns == begun_ns;) {
    if (state.progress.files_total > 0) bar.Show(state.progress);
    if (!state.waits_for.empty() && state.waits_for != told)
      fmt::print(stderr, "\nit is tried again: {}\n", state.waits_for);
    told = state.waits_for;
    // A server that is closing its lake does not hear it, and the job may have ended meanwhile.
    if (StopSignalPending() && !cancelled) cancelled = Ask("DELETE", "").ok();
    std::this_thread::sleep_for(kPollInterval);
    ARROW_ASSIGN_OR_RAISE(state, Poll());
  }
  if (state.begun_ns == begun_ns) return state;
  return Errorf(ErrorKind::kUnavailable, "how the {} has ended is not known: the server was restarted, or another has begun",
                what_);
}

Result<ServerJobState> ServerJob::Run(const std::string& body) {
  ARROW_ASSIGN_OR_RAISE(ServerJobState begun, Ask("POST", body));
  ARROW_ASSIGN_OR_RAISE(const ServerJobState ended, Watch(std::move(begun)));
  if (ended.phase == "done") return ended;
  if (ended.phase == "cancelled") return Errorf(ErrorKind::kCancelled, "the {} was cancelled", what_);
  return Errorf(ErrorKind::kUnavailable, "the {} has {}: {}", what_, ended.phase, ended.error);
}

}  // namespace gigapi
