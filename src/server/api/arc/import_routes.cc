#include "server/api/arc/import_routes.h"

#include <atomic>
#include <charconv>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/json_writer.h"
#include "server/api/arc/arc_errors.h"
#include "server/encode/time_text.h"
#include "server/error_table.h"
#include "server/http/multipart_reader.h"
#include "server/write_parameters.h"

namespace gigapi::arc {
namespace {

using http::ExchangePtr;
using http::Request;

constexpr std::string_view kFileField = "file";
constexpr int64_t kRefusedShownMax = 10'000;

struct ImportStats {
  std::atomic<int64_t> requests_total{0};
  std::atomic<int64_t> records_total{0};
  std::atomic<int64_t> errors_total{0};
};

Result<int64_t> ReadCount(const Request& request, std::string_view name, int64_t absent, int64_t max) {
  const std::string_view text = request.Query(name).value_or("");
  if (text.empty()) return absent;
  int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size() || count < 0 || count > max) {
    return Errorf(ErrorKind::kInvalidArgument, "{} must be a number from 0 to {}", name, max);
  }
  return count;
}

Result<Precision> ReadTimeFormat(std::string_view text) {
  static constexpr std::pair<std::string_view, Precision> kFormats[] = {{"epoch_s", Precision::kSecond},
                                                                        {"epoch_ms", Precision::kMillisecond},
                                                                        {"epoch_us", Precision::kMicrosecond},
                                                                        {"epoch_ns", Precision::kNanosecond}};
  for (const auto& [name, precision] : kFormats) {
    if (text == name) return precision;
  }
  return Errorf(ErrorKind::kInvalidArgument,
                "unsupported time_format '{}': epoch_s, epoch_ms, epoch_us and epoch_ns are known", text.substr(0, 40));
}

Status CheckTable(ImportRequest* import) {
  const std::string_view type = import->media_type;
  std::string& table = import->parse.table;
  if (type == kLineProtocolMediaType) {  // its lines name their tables: this one says which of them are wanted
    import->writer.only_table = std::exchange(table, {});
    return Status::OK();
  }
  import->needs_time = type == kCsvMediaType || type == kParquetMediaType || type == kArrowMediaType;
  if (import->needs_time && table.empty()) {
    return Error(ErrorKind::kInvalidArgument, "measurement query parameter is required");
  }
  return Status::OK();
}

Result<ImportRequest> ReadImport(const Request& request, std::string_view format) {
  ImportRequest import;
  import.writer.database = request.Header("x-arc-database");
  if (import.writer.database.empty()) import.writer.database = request.Query("db").value_or("");
  if (import.writer.database.empty()) {
    return Error(ErrorKind::kInvalidArgument, "database is required (set x-arc-database header or db query param)");
  }
  WriteParameters parameters;
  ARROW_RETURN_NOT_OK(ReadFormatParameters(request, &parameters));
  ARROW_ASSIGN_OR_RAISE(import.media_type, MediaTypeOfFormat(format));
  import.content_encoding = request.Header("Content-Encoding");
  import.parse = ParseOptionsOf(parameters);
  if (const std::string_view text = request.Query("time_format").value_or(""); !text.empty()) {
    ARROW_ASSIGN_OR_RAISE(import.parse.number_precision, ReadTimeFormat(text));
  }
  ARROW_ASSIGN_OR_RAISE(import.skip_records, ReadCount(request, "skip_rows", 0, 1'000'000));
  ARROW_ASSIGN_OR_RAISE(const int64_t shown,
                        ReadCount(request, "refused_max", WriteBatch::kMaxRefusedShown, kRefusedShownMax));
  import.writer.refused_shown_max = static_cast<size_t>(shown);
  ARROW_RETURN_NOT_OK(CheckTable(&import));
  return import;
}

std::string TimeText(int64_t time_ns) {
  const int64_t nanos = ((time_ns % kNanosPerSecond) + kNanosPerSecond) % kNanosPerSecond;
  char text[kTimeBytesMax];
  return {text, WriteRfc3339((time_ns - nanos) / kNanosPerSecond, static_cast<uint32_t>(nanos), text)};
}

void WriteRefused(const ImportOutcome& outcome, JsonWriter* json) {
  json->Key("rows_refused").Integer(outcome.refused_rows);
  json->Key("refused").BeginArray();
  for (const RefusedLine& line : outcome.refused) {
    json->BeginObject().Key("line").Integer(line.line).Key("reason").String(line.reason);
    json->Key("original").String(line.original).EndObject();
  }
  json->EndArray();
}

std::string ResultJson(const ImportRequest& import, const ImportOutcome& outcome, std::string_view precision,
                       int64_t duration_ms) {
  JsonWriter json;
  json.BeginObject().Key("status").String(outcome.refused_rows == 0 ? "ok" : "partial");
  json.Key("result").BeginObject().Key("database").String(import.writer.database);
  if (import.media_type == kLineProtocolMediaType) json.Key("precision").String(precision.empty() ? "ns" : precision);
  if (!import.parse.table.empty()) json.Key("measurement").String(import.parse.table);
  json.Key("measurements").BeginArray();
  for (const std::string& table : outcome.tables) json.String(table);
  json.EndArray().Key("rows_imported").Integer(outcome.imported_rows);
  json.Key("partitions_created").Integer(outcome.partitions);
  if (outcome.imported_rows > 0) {
    json.Key("time_range_min").String(TimeText(outcome.min_time));
    json.Key("time_range_max").String(TimeText(outcome.max_time));
  }
  json.Key("columns").BeginArray().String("time");
  for (const std::string& column : outcome.columns) json.String(column);
  json.EndArray();
  WriteRefused(outcome, &json);
  json.Key("duration_ms").Integer(duration_ms).EndObject().EndObject();
  return json.Take() + "\n";
}

/// {"error"}, and what was kept before it.
http::Response FailureOf(const Status& status, const ImportOutcome& outcome) {
  JsonWriter json;
  json.BeginObject().Key("error").String(ClientMessage(status));
  json.Key("rows_imported").Integer(outcome.imported_rows);
  WriteRefused(outcome, &json);
  json.EndObject();
  http::Response response = RenderError(status);
  response.body = json.Take() + "\n";
  return response;
}

Status EmptyFailure(const ImportRequest& import, const ImportOutcome& outcome) {
  if (!outcome.refused.empty()) {
    const RefusedLine& first = outcome.refused.front();
    return Errorf(ErrorKind::kInvalidArgument, "no row was imported: line {}: {}", first.line, first.reason);
  }
  if (!import.writer.only_table.empty()) {
    return Errorf(ErrorKind::kInvalidArgument, "no records found for measurement \"{}\"", import.writer.only_table);
  }
  return Error(ErrorKind::kInvalidArgument, "file contains no rows");
}

/// Reads the body through: on a thread of its own, which it may block.
void RunImport(const Importer& importer, const ImportRequest& import, http::Exchange* exchange, ImportStats* stats) {
  const int64_t start_ns = SteadyNanos();
  http::BodyReader* body = exchange->body_reader();
  std::optional<http::MultipartReader> file;
  if (const auto boundary = http::MultipartBoundary(exchange->request().Header("Content-Type"))) {
    body = &file.emplace(*boundary, kFileField, body);
  }
  ImportOutcome outcome = importer.Run(import, body);
  stats->records_total += outcome.imported_rows;
  const bool may_be_empty = exchange->request().Query("allow_empty") == "true";
  if (outcome.status.ok() && outcome.imported_rows == 0 && !may_be_empty) outcome.status = EmptyFailure(import, outcome);
  if (!outcome.status.ok()) {
    ++stats->errors_total;
    return exchange->Respond(FailureOf(outcome.status, outcome));
  }
  const int64_t duration_ms = (SteadyNanos() - start_ns) / kNanosPerMilli;
  exchange->Respond(
      JsonResponse(200, ResultJson(import, outcome, exchange->request().Query("precision").value_or(""), duration_ms)));
}

http::Handler ImportHandler(const ImportContext& context, std::shared_ptr<ImportStats> stats) {
  return [context, stats = std::move(stats)](ExchangePtr exchange) {
    ++stats->requests_total;
    Result<ImportRequest> read = ReadImport(exchange->request(), exchange->request().PathParam("format"));
    if (!read.ok()) {
      ++stats->errors_total;
      return exchange->Respond(RenderError(read.status()));
    }
    auto import = std::make_shared<ImportRequest>(*std::move(read));
    const bool queued = context.workers->Submit([importer = context.importer, import, exchange, stats] {
      RunImport(*importer, *import, exchange.get(), stats.get());
    });
    if (!queued) exchange->Respond(RenderError(Error(ErrorKind::kOverloaded, "too many imports at once")));
  };
}

std::string StatsJson(const ImportStats& stats) {
  JsonWriter json;
  json.BeginObject().Key("status").String("success").Key("stats").BeginObject();
  json.Key("total_requests").Integer(stats.requests_total).Key("total_records").Integer(stats.records_total);
  json.Key("total_errors").Integer(stats.errors_total).EndObject().EndObject();
  return json.Take() + "\n";
}

}  // namespace

void AddImportRoutes(const ImportContext& context, http::Router* router) {
  const auto stats = std::make_shared<ImportStats>();
  router->AddStreamed("POST", "/api/v1/import/{format}", ImportHandler(context, stats));
  router->Add("GET", "/api/v1/import/stats",
              [stats](ExchangePtr exchange) { exchange->Respond(JsonResponse(200, StatsJson(*stats))); });
}

}  // namespace gigapi::arc
