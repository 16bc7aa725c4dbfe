#include "base/json_writer.h"
#include "server/encode/encoders.h"
#include "server/encode/row_text.h"

namespace gigapi {
namespace {

struct JsonStyle {
  static char* Null(char* out) {
    std::memcpy(out, "null", 4);
    return out + 4;
  }
  static char* String(std::string_view text, char* out) { return WriteJsonString(text, out); }
  static constexpr size_t StringBytesMax(size_t bytes) { return JsonStringBytesMax(bytes); }
  static char* Quoted(auto write, char* out) {
    *out++ = '"';
    out = write(out);
    *out++ = '"';
    return out;
  }
  static char* BigInteger(auto write, char* out) { return Quoted(write, out); }
  static char* Other(std::string_view json, char* out) {
    std::memcpy(out, json.data(), json.size());
    return out + json.size();
  }
};

std::vector<PaddedText> Keys(const arrow::Schema& schema) {
  std::vector<PaddedText> keys;
  for (int i = 0; i < schema.num_fields(); ++i) {
    std::string key = i == 0 ? "{" : ",";
    AppendJsonString(schema.field(i)->name(), &key);
    keys.emplace_back(key += ':');
  }
  return keys;
}

class JsonEncoder final : public ResultEncoder {
 public:
  JsonEncoder(const arrow::Schema& schema, TimeFormat time_format)
      : rows_(Keys(schema), PaddedText("}"), PaddedText(","), time_format) {}

  std::string_view content_type() const override { return "application/json"; }
  Status Begin(OutputBuffer* out) override {
    out->Append("{\"results\":[");
    return Status::OK();
  }
  Result<int64_t> Encode(const arrow::RecordBatch& batch, int64_t row, size_t bytes_wanted, OutputBuffer* out) override {
    return rows_.Encode(batch, row, bytes_wanted, out);
  }
  Status End(OutputBuffer* out) override {
    out->Append("]}\n");
    return Status::OK();
  }

 private:
  RowText<JsonStyle> rows_;
};

class NdjsonEncoder final : public ResultEncoder {
 public:
  NdjsonEncoder(const arrow::Schema& schema, TimeFormat time_format)
      : rows_(Keys(schema), PaddedText("}\n"), PaddedText(""), time_format) {}

  std::string_view content_type() const override { return "application/x-ndjson"; }
  Status Begin(OutputBuffer*) override { return Status::OK(); }
  Result<int64_t> Encode(const arrow::RecordBatch& batch, int64_t row, size_t bytes_wanted, OutputBuffer* out) override {
    return rows_.Encode(batch, row, bytes_wanted, out);
  }
  Status End(OutputBuffer*) override { return Status::OK(); }

 private:
  RowText<JsonStyle> rows_;
};

}  // namespace

std::unique_ptr<ResultEncoder> MakeJsonEncoder(const arrow::Schema& schema, TimeFormat time_format) {
  return std::make_unique<JsonEncoder>(schema, time_format);
}

std::unique_ptr<ResultEncoder> MakeNdjsonEncoder(const arrow::Schema& schema, TimeFormat time_format) {
  return std::make_unique<NdjsonEncoder>(schema, time_format);
}

}  // namespace gigapi
