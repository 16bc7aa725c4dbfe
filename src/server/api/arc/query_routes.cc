#include "server/api/arc/query_routes.h"

#include <arrow/array.h>
#include <fmt/format.h>

#include "base/json_writer.h"
#include "query/batch_stream.h"
#include "server/api/arc/dictionary_stream.h"
#include "server/api/arc/query_answer.h"
#include "server/api/arc/query_request.h"
#include "server/api/arc/row_estimate.h"
#include "server/api/arc/table_listing.h"
#include "server/encode/encoders.h"
#include "server/error_table.h"

namespace gigapi::arc {
namespace {

using http::ExchangePtr;
using http::Request;

constexpr int64_t kMsgpackBytesMax = 256 << 20;

/// What a form has of a table that nobody has written to yet. Rows of no columns are fine for a dashboard; who reads Arrow
/// asks so whether a table is there.
enum class MissingTable : uint8_t {
  kNoRows,
  kFailure
};

/// One of the forms in which Arc answers a query.
struct Form {
  EncoderFactory encoder;
  std::function<http::Response(const Status&)> failure;
  MissingTable missing_table = MissingTable::kNoRows;
  decltype(QueryCall::change_rows) change_rows = {};
};

bool IsWanted(const Request& request, std::string_view header) {
  const std::string_view value = request.Header(header);
  return value == "1" || http::EqualsIgnoringCase(value, "true");
}

Result<Form> JsonForm(const Request&) {
  const Arrival arrival = Arrival::Now();
  return Form{[arrival](const auto& schema) { return MakeJsonAnswer(*schema, arrival); },
              [arrival](const Status& status) { return JsonFailure(status, arrival); }};
}

Result<Form> MsgpackForm(const Request&) {
  const Arrival arrival = Arrival::Now();
  return Form{[arrival](const auto& schema) { return MakeMsgpackAnswer(schema, arrival, kMsgpackBytesMax); },
              [arrival](const Status& status) { return MsgpackFailure(status, arrival); }};
}

Result<Form> CsvForm(const Request&) { return Form{EncoderOf(ResultFormat::kCsv, TimeFormat::kRfc3339), ShortFailure}; }

Result<Form> ArrowForm(const Request& request) {
  const std::string_view wanted = request.Header("x-arc-arrow-compression");
  auto buffers = arrow::Compression::UNCOMPRESSED;
  if (http::EqualsIgnoringCase(wanted, "zstd")) buffers = arrow::Compression::ZSTD;
  else if (http::EqualsIgnoringCase(wanted, "lz4")) buffers = arrow::Compression::LZ4_FRAME;
  else if (!wanted.empty()) {
    return Error(ErrorKind::kInvalidArgument, "invalid x-arc-arrow-compression: must be zstd or lz4");
  }
  Form form{[buffers](auto schema) { return MakeArrowEncoder(std::move(schema), buffers); }, ShortFailure,
            MissingTable::kFailure};
  if (IsWanted(request, "x-arc-arrow-dictionary")) form.change_rows = WithDictionaries;
  return form;
}

using FormReader = Result<Form> (*)(const Request&);
using QueryReader = Result<QueryRequest> (*)(const Request&);

Result<std::unique_ptr<QueryStream>> OrNothing(Result<std::unique_ptr<QueryStream>> stream) {
  if (stream.ok() || KindOf(stream.status()) != ErrorKind::kNotFound) return stream;
  auto nothing = arrow::RecordBatch::Make(arrow::schema({}), 0, arrow::ArrayVector{});
  return std::make_unique<BatchStream>(std::move(nothing));
}

http::Headers SummaryHeaders(int64_t rows, double millis) {
  return {{"X-Row-Count", std::to_string(rows)}, {"X-Execution-Time-Ms", fmt::format("{:.3f}", millis)}};
}

/// What Arc's clients see of failures that other dialects have statuses for.
Status AsRefusal(const Status& status) {
  const ErrorKind kind = KindOf(status);
  if (kind != ErrorKind::kForbidden && kind != ErrorKind::kUnsupported && kind != ErrorKind::kConflict &&
      kind != ErrorKind::kNotFound) {
    return status;
  }
  return Error(ErrorKind::kInvalidArgument, status.message());
}

http::Handler Runner(QueryService* queries, QueryEngine* engine, Lake* lake, QueryReader read_query, FormReader read_form) {
  return [=](ExchangePtr exchange) {
    const Request& request = exchange->request();
    Result<Form> form = read_form(request);
    if (!form.ok()) return exchange->Respond(ShortFailure(form.status()));
    Result<QueryRequest> query = read_query(request);
    if (!query.ok()) return exchange->Respond(form->failure(query.status()));
    QueryCall call;
    call.encoder = std::move(form->encoder);
    if (const auto show = ParseShow(query->sql)) {
      call.open = [show = *show, lake](const QueryRequest& asked, const QueryCancel&) {
        return OpenShow(show, *lake->Snapshot(), asked.database);
      };
    } else if (form->missing_table == MissingTable::kNoRows) {
      call.open = [engine](const QueryRequest& asked, QueryCancel cancel) {
        return OrNothing(engine->Execute(asked, std::move(cancel)));
      };
    }
    call.change_rows = std::move(form->change_rows);
    call.request = *std::move(query);
    call.id_header = "X-Arc-Query-ID";
    call.summary = SummaryHeaders;
    queries->Run(std::move(exchange), std::move(call),
                 [failure = std::move(form->failure)](const Status& status) { return failure(AsRefusal(status)); });
  };
}

http::Handler Estimator(QueryService* queries) {
  return [queries](ExchangePtr exchange) {
    Result<QueryRequest> query = ReadQuery(exchange->request());
    if (!query.ok()) return exchange->Respond(EstimateFailure(query.status()));
    QueryCall call;
    call.request = EstimateQuery(*std::move(query));
    call.encoder = [arrival = Arrival::Now()](const auto&) { return MakeEstimateAnswer(arrival); };
    queries->Run(std::move(exchange), std::move(call), [](const Status& status) {
      http::Response response = EstimateFailure(status);
      if (response.status < 500) response.status = 200;  // that a query cannot run is an answer, as in Arc
      return response;
    });
  };
}

http::Handler MeasurementLister(Lake* lake) {
  return [lake](const ExchangePtr& exchange) {
    const Arrival arrival = Arrival::Now();
    const LakeSnapshotPtr snapshot = lake->Snapshot();
    const auto tables = ListTables(*snapshot, exchange->request().Query("database").value_or(""));
    JsonWriter json;
    json.BeginObject().Key("success").Bool(true).Key("measurements").BeginArray();
    for (const TableListing& table : tables) {
      json.BeginObject().Key("database").String(table.database).Key("measurement").String(table.table);
      json.Key("file_count").Integer(table.files).Key("total_size_mb").Literal(fmt::format("{}", table.megabytes));
      json.Key("storage_path").String(table.storage_path).EndObject();
    }
    json.EndArray().Key("count").Integer(static_cast<int64_t>(tables.size()));
    json.Key("execution_time_ms").Literal(fmt::format("{:.3f}", arrival.ElapsedMillis())).EndObject();
    exchange->Respond(JsonResponse(200, json.Take()));
  };
}

}  // namespace

void AddQueryRoutes(QueryService* queries, QueryEngine* engine, Lake* lake, http::Router* router) {
  const auto add = [&](std::string_view method, std::string_view path, QueryReader query, FormReader form) {
    router->Add(method, path, Runner(queries, engine, lake, query, form));
  };
  add("POST", "/api/v1/query", ReadQuery, JsonForm);
  add("POST", "/api/v1/query/arrow", ReadQuery, ArrowForm);
  add("POST", "/api/v1/query/msgpack", ReadQuery, MsgpackForm);
  add("POST", "/api/v1/query/stream", ReadQuery, CsvForm);
  add("GET", "/api/v1/query/{measurement}", ReadMeasurementQuery, JsonForm);
  add("GET", "/api/v1/query/{measurement}/csv", ReadMeasurementQuery, CsvForm);
  router->Add("POST", "/api/v1/query/estimate", Estimator(queries));
  router->Add("GET", "/api/v1/measurements", MeasurementLister(lake));
}

}  // namespace gigapi::arc
