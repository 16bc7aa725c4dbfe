#include "app/import/import_sender.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "app/stop_signal.h"
#include "base/percent_encoding.h"

namespace gigapi {
namespace {

constexpr int64_t kPauseMsMax = 30'000;
constexpr auto kTick = std::chrono::milliseconds(50);

int64_t IntegerOf(const simdjson::dom::element& object, const char* name) {
  int64_t value = 0;
  return object[name].get(value) == simdjson::SUCCESS ? value : 0;
}

std::string TextOf(const simdjson::dom::element& object, const char* name) {
  std::string_view text;
  return object[name].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

Result<SentPiece> ReadAnswer(const std::string& body) {
  simdjson::dom::parser parser;
  simdjson::dom::element json, result;
  if (parser.parse(body).get(json) != simdjson::SUCCESS || json["result"].get(result) != simdjson::SUCCESS) {
    return Error(ErrorKind::kUnavailable, "the server's answer is not that of an import");
  }
  SentPiece piece{IntegerOf(result, "rows_imported"), IntegerOf(result, "rows_refused"), {}};
  simdjson::dom::array lines;
  if (result["refused"].get(lines) != simdjson::SUCCESS) return piece;
  for (const simdjson::dom::element line : lines) {
    piece.refused.push_back({IntegerOf(line, "line"), TextOf(line, "reason"), TextOf(line, "original")});
  }
  return piece;
}

}  // namespace

Result<SentPiece> ImportSender::Send(std::string_view format, std::string_view parameters, std::string_view body) {
  const HttpRequest request{.target = fmt::format("/api/v1/import/{}?db={}&allow_empty=true&refused_max=10000{}{}", format,
                                                  PercentEncode(target_.database), target_.query, parameters),
                            .content_type = "application/octet-stream",
                            .body = body};
  for (int attempt = 0;; ++attempt) {
    const bool last = attempt >= target_.retries_max;
    Result<HttpAnswer> answer = client_.Ask(request);
    if (!answer.ok()) {
      if (last || !client_.never_sent() || KindOf(answer.status()) != ErrorKind::kUnavailable) return answer.status();
      ARROW_RETURN_NOT_OK(Pause(attempt, -1));
      continue;
    }
    if (answer->status / 100 == 2) return ReadAnswer(answer->body);
    const bool later = answer->status == 429 || answer->status == 503;
    if (last || !later) {
      return Errorf(ErrorKind::kInvalidArgument, "the server answered {}: {}", answer->status, ErrorText(answer->body));
    }
    ARROW_RETURN_NOT_OK(Pause(attempt, answer->retry_after_s));
  }
}

Status ImportSender::Pause(int attempt, int64_t retry_after_s) const {
  const int64_t own_ms = std::min<int64_t>(kPauseMsMax, int64_t{100} << std::min(attempt, 10));
  const int64_t pause_ms = retry_after_s >= 0 ? std::min(kPauseMsMax, retry_after_s * 1'000) : own_ms;
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(pause_ms);
  while (std::chrono::steady_clock::now() < end) {
    if (StopSignalPending()) return Error(ErrorKind::kCancelled, "interrupted");
    std::this_thread::sleep_for(kTick);
  }
  return Status::OK();
}

}  // namespace gigapi
