#include "server/api/arc/running_query_routes.h"

#include <fmt/format.h>

#include <charconv>

#include "base/clock.h"
#include "base/json_writer.h"
#include "server/api/arc/query_answer.h"
#include "server/encode/time_text.h"
#include "server/error_table.h"

namespace gigapi::arc {
namespace {

using http::ExchangePtr;

constexpr size_t kListedSqlBytesMax = 200;
constexpr size_t kHistoryDefault = 50, kHistoryMax = 1'000;

std::string_view StateName(QueryState state) {
  switch (state) {
    case QueryState::kRunning: return "running";
    case QueryState::kCompleted: return "completed";
    case QueryState::kCancelled: return "cancelled";
    case QueryState::kFailed: return "failed";
    case QueryState::kTimedOut: return "timed_out";
  }
  return "unknown";
}

std::string TimeText(int64_t wall_ns) {
  char text[kTimeBytesMax];
  return {text, WriteRfc3339(wall_ns / kNanosPerSecond, static_cast<uint32_t>(wall_ns % kNanosPerSecond), text)};
}

void WriteRecord(const QueryRecord& record, std::string_view sql, JsonWriter* json) {
  json->BeginObject().Key("id").String(record.id).Key("sql").String(sql);
  json->Key("database").String(record.database).Key("remote_addr").String(record.remote_address);
  json->Key("status").String(StateName(record.state)).Key("start_time").String(TimeText(record.begin_ns));
  if (record.end_ns != 0) json->Key("end_time").String(TimeText(record.end_ns));
  const int64_t end_ns = record.end_ns != 0 ? record.end_ns : WallNanos();
  json->Key("duration_ms").Literal(fmt::format("{:.3f}", static_cast<double>(end_ns - record.begin_ns) * 1e-6));
  if (record.state != QueryState::kRunning) json->Key("row_count").Integer(record.rows);
  if (!record.error.empty()) json->Key("error").String(record.error);
  json->Key("is_parallel").Bool(false).EndObject();
}

http::Response Listed(const std::vector<QueryRecord>& records, size_t sql_bytes_max) {
  JsonWriter json;
  json.BeginObject().Key("success").Bool(true).Key("queries").BeginArray();
  for (const QueryRecord& record : records) {
    const bool cut = record.sql.size() > sql_bytes_max;
    WriteRecord(record, cut ? record.sql.substr(0, sql_bytes_max) + "..." : record.sql, &json);
  }
  json.EndArray().Key("count").Integer(static_cast<int64_t>(records.size())).EndObject();
  return JsonResponse(200, json.Take());
}

size_t LimitOf(const http::Request& request) {
  const std::string_view text = request.Query("limit").value_or("");
  size_t limit = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
  return error != std::errc() || limit == 0 ? kHistoryDefault : std::min(limit, kHistoryMax);
}

http::Response Shown(const std::optional<QueryRecord>& record) {
  if (!record) return ShortFailure(Error(ErrorKind::kNotFound, "Query not found"));
  JsonWriter json;
  json.BeginObject().Key("success").Bool(true).Key("query");
  WriteRecord(*record, record->sql, &json);
  json.EndObject();
  return JsonResponse(200, json.Take());
}

http::Response Cancelled(QueryRegistry* registry, std::string_view id) {
  if (registry->Cancel(id)) return JsonResponse(200, "{\"success\":true,\"message\":\"Query cancelled\"}");
  const auto record = registry->Find(id);
  if (!record) return ShortFailure(Error(ErrorKind::kNotFound, "Query not found"));
  return ShortFailure(Errorf(ErrorKind::kConflict, "Query already {}", StateName(record->state)));
}

}  // namespace

void AddRunningQueryRoutes(QueryRegistry* registry, http::Router* router) {
  router->Add("GET", "/api/v1/queries/active", [registry](const ExchangePtr& exchange) {
    exchange->Respond(Listed(registry->Running(), kListedSqlBytesMax));
  });
  router->Add("GET", "/api/v1/queries/history", [registry](const ExchangePtr& exchange) {
    exchange->Respond(Listed(registry->History(LimitOf(exchange->request())), std::string::npos));
  });
  router->Add("GET", "/api/v1/queries/{id}", [registry](const ExchangePtr& exchange) {
    exchange->Respond(Shown(registry->Find(exchange->request().PathParam("id"))));
  });
  router->Add("DELETE", "/api/v1/queries/{id}", [registry](const ExchangePtr& exchange) {
    exchange->Respond(Cancelled(registry, exchange->request().PathParam("id")));
  });
}

}  // namespace gigapi::arc
