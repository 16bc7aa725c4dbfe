#include "server/api/arc/row_estimate.h"

#include <arrow/array.h>
#include <fmt/format.h>

#include "base/json_writer.h"
#include "server/error_table.h"

namespace gigapi::arc {
namespace {

struct Warning {
  int64_t rows_above;
  std::string_view level;
  std::string_view title;
  std::string_view advice;
};

constexpr Warning kWarnings[] = {
    {1'000'000, "high", "Large query", " This may take several minutes and use significant memory."},
    {100'000, "medium", "Medium query", " This may take 30-60 seconds."},
    {10'000, "low", "Query", " Should complete quickly."},
    {-1, "none", "Small query", ""},
};

const Warning& WarningOf(int64_t rows) {
  const Warning* warning = kWarnings;
  while (rows <= warning->rows_above) ++warning;
  return *warning;
}

std::string WithCommas(int64_t number) {
  std::string text = std::to_string(number);
  for (auto at = static_cast<ptrdiff_t>(text.size()) - 3; at > 0; at -= 3) text.insert(static_cast<size_t>(at), ",");
  return text;
}

class EstimateAnswer final : public ResultEncoder {
 public:
  explicit EstimateAnswer(const Arrival& arrival) : arrival_(arrival) {}

  std::string_view content_type() const override { return "application/json"; }
  Status Begin(OutputBuffer*) override { return Status::OK(); }
  Result<int64_t> Encode(const arrow::RecordBatch& batch, int64_t, size_t, OutputBuffer*) override {
    rows_ = static_cast<const arrow::Int64Array&>(*batch.column(0)).Value(0);
    return batch.num_rows();
  }
  Result<bool> End(size_t, OutputBuffer* out) override {
    const Warning& warning = WarningOf(rows_);
    JsonWriter json;
    json.BeginObject().Key("success").Bool(true).Key("estimated_rows").Integer(rows_);
    json.Key("warning_level").String(warning.level);
    json.Key("warning_message").String(fmt::format("{}: {} rows.{}", warning.title, WithCommas(rows_), warning.advice));
    json.Key("execution_time_ms").Literal(fmt::format("{:.3f}", arrival_.ElapsedMillis())).EndObject();
    out->Append(json.Take());
    return true;
  }

 private:
  const Arrival arrival_;
  int64_t rows_ = 0;
};

}  // namespace

QueryRequest EstimateQuery(QueryRequest query) {
  const size_t end = query.sql.find_last_not_of(" \t\r\n;");
  query.sql = fmt::format("SELECT CAST(count(*) AS BIGINT) AS n FROM (\n{}\n) AS estimated", query.sql.substr(0, end + 1));
  return query;
}

std::unique_ptr<ResultEncoder> MakeEstimateAnswer(const Arrival& arrival) {
  return std::make_unique<EstimateAnswer>(arrival);
}

http::Response EstimateFailure(const Status& status) {
  http::Response response = ResponseFor(status);
  response.headers.emplace_back("Content-Type", "application/json");
  JsonWriter json;
  json.BeginObject().Key("success").Bool(false).Key("estimated_rows").Null().Key("warning_level").String("error");
  json.Key("execution_time_ms").Integer(0).Key("error").String(ClientMessage(status)).EndObject();
  response.body = json.Take();
  return response;
}

}  // namespace gigapi::arc
