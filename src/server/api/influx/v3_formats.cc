#include "server/api/influx/v3_formats.h"

#include "server/encode/encoders.h"
#include "server/encode/json_style.h"

namespace gigapi::influx {
namespace {

constexpr size_t kPrettyBytesMax = 32 << 20;

struct V3Style : JsonStyle {
  static constexpr bool kOmitsNulls = true;
};

class V3Json final : public ResultEncoder {
 public:
  explicit V3Json(const arrow::Schema& schema)
      : rows_(JsonObjectKeys(schema), PaddedText("}"), PaddedText(","), TimeFormat::kLocal) {}

  std::string_view content_type() const override { return "application/json"; }
  Status Begin(OutputBuffer* out) override {
    out->Append("[");
    return Status::OK();
  }
  Result<int64_t> Encode(const arrow::RecordBatch& batch, int64_t row, size_t bytes_wanted, OutputBuffer* out) override {
    return rows_.Encode(batch, row, bytes_wanted, out);
  }
  Result<bool> End(size_t, OutputBuffer* out) override {
    out->Append("]");
    return true;
  }

 private:
  RowText<V3Style> rows_;
};

class V3JsonLines final : public ResultEncoder {
 public:
  explicit V3JsonLines(const arrow::Schema& schema)
      : rows_(JsonObjectKeys(schema), PaddedText("}\n"), PaddedText(""), TimeFormat::kLocal) {}

  std::string_view content_type() const override { return "application/jsonl"; }
  Status Begin(OutputBuffer*) override { return Status::OK(); }
  Result<int64_t> Encode(const arrow::RecordBatch& batch, int64_t row, size_t bytes_wanted, OutputBuffer* out) override {
    return rows_.Encode(batch, row, bytes_wanted, out);
  }
  Result<bool> End(size_t, OutputBuffer*) override { return true; }

 private:
  RowText<V3Style> rows_;
};

std::string_view FormatOfAccept(std::string_view accept) {
  if (accept.starts_with("text/csv")) return "csv";
  if (accept.starts_with("application/vnd.apache.parquet")) return "parquet";
  if (accept.starts_with("application/jsonl") || accept.starts_with("application/x-ndjson")) return "jsonl";
  if (accept.starts_with("text/plain")) return "pretty";
  return "json";
}

}  // namespace

Result<EncoderFactory> ReadV3Format(std::string_view format, const http::Request& request) {
  if (format.empty()) format = FormatOfAccept(request.Header("Accept"));
  if (format == "json") return [](const auto& schema) { return std::make_unique<V3Json>(*schema); };
  if (format == "jsonl") return [](const auto& schema) { return std::make_unique<V3JsonLines>(*schema); };
  if (format == "csv") return EncoderOf(ResultFormat::kCsv, TimeFormat::kLocal);
  if (format == "parquet") return EncoderOf(ResultFormat::kParquet, TimeFormat::kLocal);
  if (format == "pretty") return [](const auto& schema) { return MakePrettyEncoder(*schema, kPrettyBytesMax); };
  return Errorf(ErrorKind::kInvalidArgument, "unknown format '{}': json, jsonl, csv, parquet and pretty are known", format);
}

}  // namespace gigapi::influx
