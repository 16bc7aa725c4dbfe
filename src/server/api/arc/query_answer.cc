#include "server/api/arc/query_answer.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "base/json_writer.h"
#include "server/encode/json_style.h"
#include "server/encode/time_text.h"
#include "server/error_table.h"

namespace gigapi::arc {
namespace {

struct ArcStyle : JsonStyle {
  static char* Other(std::string_view json, char* out) {
    if (json == "null" || json.starts_with('"')) return JsonStyle::Other(json, out);
    return WriteJsonString(json, out);
  }
};

class JsonAnswer final : public ResultEncoder {
 public:
  JsonAnswer(const arrow::Schema& schema, const Arrival& arrival)
      : arrival_(arrival), rows_(JsonArraySeparators(schema), PaddedText("]"), PaddedText(","), TimeFormat::kRfc3339) {
    JsonWriter json;
    json.BeginObject().Key("success").Bool(true).Key("columns").BeginArray();
    for (const auto& field : schema.fields()) json.String(field->name());
    json.EndArray().Key("data").BeginArray();
    head_ = json.Take();
  }

  std::string_view content_type() const override { return "application/json"; }
  Status Begin(OutputBuffer* out) override {
    out->Append(head_);
    return Status::OK();
  }
  Result<int64_t> Encode(const arrow::RecordBatch& batch, int64_t row, size_t bytes_wanted, OutputBuffer* out) override {
    const int64_t end = rows_.Encode(batch, row, bytes_wanted, out);
    row_count_ += end - row;
    return end;
  }
  void SetMissingNodes(const std::vector<std::string>& nodes) override {
    if (!nodes.empty()) missing_nodes_ = "," + MissingNodesJson(nodes);
  }
  Result<bool> End(size_t, OutputBuffer* out) override {
    out->Append(fmt::format("],\"row_count\":{},\"execution_time_ms\":{:.3f},\"timestamp\":\"{}\"{}}}", row_count_,
                            arrival_.ElapsedMillis(), arrival_.Timestamp(), missing_nodes_));
    return true;
  }

 private:
  const Arrival arrival_;
  RowText<ArcStyle> rows_;
  std::string head_;
  std::string missing_nodes_;  // empty: none
  int64_t row_count_ = 0;
};

}  // namespace

Arrival Arrival::Now() { return {WallNanos(), SteadyNanos()}; }

std::string Arrival::Timestamp() const {
  char text[kTimeBytesMax];
  return {text, WriteRfc3339(wall_ns / kNanosPerSecond, 0, text)};
}

double Arrival::ElapsedMillis() const { return static_cast<double>(SteadyNanos() - steady_ns) * 1e-6; }

std::unique_ptr<ResultEncoder> MakeJsonAnswer(const arrow::Schema& schema, const Arrival& arrival) {
  return std::make_unique<JsonAnswer>(schema, arrival);
}

http::Response JsonFailure(const Status& status, const Arrival& arrival) {
  http::Response response = ResponseFor(status);
  response.headers.emplace_back("Content-Type", "application/json");
  JsonWriter json;
  json.BeginObject().Key("success").Bool(false).Key("columns").Null().Key("data").Null().Key("row_count").Integer(0);
  json.Key("execution_time_ms").Literal(fmt::format("{:.3f}", arrival.ElapsedMillis()));
  json.Key("timestamp").String(arrival.Timestamp()).Key("error").String(ClientMessage(status)).EndObject();
  response.body = json.Take();
  return response;
}

http::Response ShortFailure(const Status& status) {
  http::Response response = ResponseFor(status);
  response.headers.emplace_back("Content-Type", "application/json");
  JsonWriter json;
  json.BeginObject().Key("success").Bool(false).Key("error").String(ClientMessage(status)).EndObject();
  response.body = json.Take();
  return response;
}

}  // namespace gigapi::arc
