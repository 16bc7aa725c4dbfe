#include "server/api/arc/write_routes.h"

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json_writer.h"
#include "server/api/arc/arc_database.h"
#include "server/api/arc/arc_errors.h"
#include "server/api/arc/msgpack_spec.h"
#include "server/api/arc/write_stats.h"
#include "server/api/influx/write_errors.h"
#include "server/error_table.h"
#include "server/write_parameters.h"

namespace gigapi::arc {
namespace {

using http::ExchangePtr;
using http::Request;

/// One of the two protocols.
struct Protocol {
  std::string_view media_type;
  /// Keep the good rows of a request that has bad ones.
  bool accept_partial;
  std::string_view empty_body;  // the error
  std::string (*describe)(const WriteOutcome& outcome);
};

/// All or nothing: the first record that is wrong is the only one that is told.
std::string DescribeMsgpack(const WriteOutcome& outcome) {
  return "Invalid MessagePack payload: " + (outcome.refused.empty() ? std::string() : outcome.refused[0].reason);
}

constexpr Protocol kMsgpack = {kMsgpackMediaType, false, "Empty payload", DescribeMsgpack};
constexpr Protocol kLineProtocol = {kLineProtocolMediaType, true, "Empty request body", influx::PartialWriteText};

Result<WriteParameters> ReadParameters(const Request& request, const Protocol& protocol,
                                       const DatabaseParameters& parameters) {
  if (request.body.empty()) return Error(ErrorKind::kInvalidArgument, std::string(protocol.empty_body));
  WriteParameters write;
  write.database = DatabaseOf(request, parameters);
  write.accept_partial = protocol.accept_partial;
  ARROW_RETURN_NOT_OK(ReadFormatParameters(request, &write));
  write.media_type = protocol.media_type;
  return write;
}

void CountRequest(const Request& request, WriteStats* stats) {
  const auto bytes = static_cast<int64_t>(request.body.size());
  ++stats->requests_total;
  stats->bytes_total += bytes;
  if (!request.Header("Content-Encoding").empty()) stats->bytes_compressed_total += bytes;
}

http::Handler Writer(WriteService* service, const Protocol& protocol, DatabaseParameters database,
                     std::shared_ptr<WriteStats> stats) {
  return [service, &protocol, database = std::move(database), stats = std::move(stats)](ExchangePtr exchange) {
    CountRequest(exchange->request(), stats.get());
    Result<WriteParameters> parameters = ReadParameters(exchange->request(), protocol, database);
    if (!parameters.ok()) {
      ++stats->errors_total;
      return exchange->Respond(RenderError(parameters.status()));
    }
    http::Exchange* const answered = exchange.get();  // lives until the service lets go of it, after the callback
    service->Write(std::move(exchange), *std::move(parameters), [answered, &protocol, stats](const WriteOutcome& outcome) {
      stats->rows_total += outcome.written_rows;
      if (!outcome.status.ok() || outcome.refused_rows > 0) ++stats->errors_total;
      answered->Respond(RenderOutcome(outcome, protocol.describe));
    });
  };
}

http::Handler Constant(std::string json) {
  return [json = std::move(json)](ExchangePtr exchange) { exchange->Respond(JsonResponse(200, json)); };
}

/// A flush waits for disks, which threads that read requests must not.
http::Handler Flusher(Lake* lake, http::WorkerPool* workers) {
  return [lake, workers](ExchangePtr exchange) {
    const bool queued = workers->Submit([lake, exchange] {
      const Status flushed = lake->FlushAll();
      exchange->Respond(flushed.ok() ? JsonResponse(200, "{\"status\":\"success\",\"message\":\"All buffers flushed\"}\n")
                                     : RenderError(flushed));
    });
    if (!queued) exchange->Respond(RenderError(Error(ErrorKind::kOverloaded, "too many queries are waiting")));
  };
}

std::string LineProtocolStatsJson(const WriteStats& stats) {
  JsonWriter json;
  json.BeginObject().Key("status").String("success").Key("stats").BeginObject();
  json.Key("total_requests").Integer(stats.requests_total).Key("total_records").Integer(stats.rows_total);
  json.Key("total_bytes").Integer(stats.bytes_total).Key("total_bytes_gzipped").Integer(stats.bytes_compressed_total);
  json.Key("total_errors").Integer(stats.errors_total).EndObject().EndObject();
  return json.Take() + "\n";
}

std::string MsgpackStatsJson(const WriteStats& stats, const LakeMetrics& lake) {
  JsonWriter json;
  json.BeginObject().Key("decoder").BeginObject();
  json.Key("total_requests").Integer(stats.requests_total).Key("total_decoded").Integer(stats.rows_total);
  json.Key("total_bytes").Integer(stats.bytes_total).Key("total_errors").Integer(stats.errors_total).EndObject();
  json.Key("buffer").BeginObject().Key("total_records_buffered").Integer(lake.rows_written_total);
  json.Key("total_records_written").Integer(lake.flushed_rows_total).Key("total_flushes").Integer(lake.flushes_total);
  json.Key("total_errors").Integer(lake.flush_failures_total).Key("buffered_rows").Integer(lake.buffered_rows);
  json.Key("buffered_bytes").Integer(lake.buffered_bytes).EndObject().EndObject();
  return json.Take() + "\n";
}

}  // namespace

void AddWriteRoutes(const WriteContext& context, http::Router* router) {
  const auto msgpack = std::make_shared<WriteStats>();
  const auto lines = std::make_shared<WriteStats>();
  router->Add("POST", "/api/v1/write/msgpack", Writer(context.writes, kMsgpack, {}, msgpack));
  router->Add("GET", "/api/v1/write/msgpack/spec", Constant(MsgpackSpecJson()));
  router->Add("GET", "/api/v1/write/msgpack/stats", [msgpack, lake = context.lake](ExchangePtr exchange) {
    exchange->Respond(JsonResponse(200, MsgpackStatsJson(*msgpack, lake->metrics())));
  });

  router->Add("POST", "/api/v1/write", Writer(context.writes, kLineProtocol, {"db"}, lines));
  router->Add("POST", "/api/v1/write/influxdb", Writer(context.writes, kLineProtocol, {"bucket", "db"}, lines));
  router->Add("POST", "/api/v1/write/line-protocol", Writer(context.writes, kLineProtocol, {}, lines));
  // Arc's two generations have these under two names.
  for (const std::string_view prefix : {"/api/v1/write", "/api/v1/write/line-protocol"}) {
    const std::string path(prefix);
    router->Add("POST", path + "/flush", Flusher(context.lake, context.workers));
    router->Add("GET", path + "/health", Constant("{\"status\":\"healthy\",\"service\":\"line_protocol_writer\"}\n"));
    router->Add("GET", path + "/stats",
                [lines](ExchangePtr exchange) { exchange->Respond(JsonResponse(200, LineProtocolStatsJson(*lines))); });
  }
}

}  // namespace gigapi::arc
