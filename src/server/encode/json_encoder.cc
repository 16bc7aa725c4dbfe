#include "server/encode/encoders.h"
#include "server/encode/json_style.h"

namespace gigapi {
namespace {

/// JavaScript's numbers do not hold 64 bits.
struct BigIntegersAsText : JsonStyle {
  static char* BigInteger(auto write, char* out) { return Quoted(write, out); }
};

class JsonEncoder final : public ResultEncoder {
 public:
  JsonEncoder(const arrow::Schema& schema, TimeFormat time_format)
      : rows_(JsonObjectKeys(schema), PaddedText("}"), PaddedText(","), time_format) {}

  std::string_view content_type() const override { return "application/json"; }
  Status Begin(OutputBuffer* out) override {
    out->Append("{\"results\":[");
    return Status::OK();
  }
  Result<int64_t> Encode(const arrow::RecordBatch& batch, int64_t row, size_t bytes_wanted, OutputBuffer* out) override {
    return rows_.Encode(batch, row, bytes_wanted, out);
  }
  Result<bool> End(size_t, OutputBuffer* out) override {
    out->Append("]}\n");
    return true;
  }

 private:
  RowText<BigIntegersAsText> rows_;
};

class NdjsonEncoder final : public ResultEncoder {
 public:
  NdjsonEncoder(const arrow::Schema& schema, TimeFormat time_format)
      : rows_(JsonObjectKeys(schema), PaddedText("}\n"), PaddedText(""), time_format) {}

  std::string_view content_type() const override { return "application/x-ndjson"; }
  Status Begin(OutputBuffer*) override { return Status::OK(); }
  Result<int64_t> Encode(const arrow::RecordBatch& batch, int64_t row, size_t bytes_wanted, OutputBuffer* out) override {
    return rows_.Encode(batch, row, bytes_wanted, out);
  }
  Result<bool> End(size_t, OutputBuffer*) override { return true; }

 private:
  RowText<BigIntegersAsText> rows_;
};

}  // namespace

std::unique_ptr<ResultEncoder> MakeJsonEncoder(const arrow::Schema& schema, TimeFormat time_format) {
  return std::make_unique<JsonEncoder>(schema, time_format);
}

std::unique_ptr<ResultEncoder> MakeNdjsonEncoder(const arrow::Schema& schema, TimeFormat time_format) {
  return std::make_unique<NdjsonEncoder>(schema, time_format);
}

}  // namespace gigapi
