#include <algorithm>

#include "server/encode/encoders.h"
#include "server/encode/row_text.h"

namespace gigapi {
namespace {

struct CsvStyle {
  static constexpr bool kOmitsNulls = false;
  static char* Null(char* out) { return out; }
  static constexpr size_t StringBytesMax(size_t bytes) { return 2 * bytes + 2; }
  static size_t StringBytes(std::string_view text) {
    return text.size() + static_cast<size_t>(std::count(text.begin(), text.end(), '"')) + 2;
  }
  static char* String(std::string_view text, char* out) {
    if (!text.empty() && text.find_first_of(",\"\r\n") == std::string_view::npos) {
      std::memcpy(out, text.data(), text.size());
      return out + text.size();
    }
    *out++ = '"';
    for (const char c : text) {
      if (c == '"') *out++ = '"';
      *out++ = c;
    }
    *out++ = '"';
    return out;
  }
  static char* Quoted(auto write, char* out) { return write(out); }
  static char* BigInteger(auto write, char* out) { return write(out); }
  static char* Other(std::string_view json, char* out) {
    if (json == "null") return out;
    const bool plain_string = json.size() >= 2 && json.front() == '"' && json.find('\\') == std::string_view::npos;
    return String(plain_string ? json.substr(1, json.size() - 2) : json, out);
  }
};

std::vector<PaddedText> Commas(int columns) {
  std::vector<PaddedText> commas;
  for (int i = 0; i < columns; ++i) commas.emplace_back(i == 0 ? "" : ",");
  return commas;
}

class CsvEncoder final : public ResultEncoder {
 public:
  CsvEncoder(const arrow::Schema& schema, TimeFormat time_format)
      : rows_(Commas(schema.num_fields()), PaddedText("\r\n"), PaddedText(""), time_format) {
    for (int i = 0; i < schema.num_fields(); ++i) {
      const std::string& name = schema.field(i)->name();
      std::string text(CsvStyle::StringBytesMax(name.size()), '\0');
      text.resize(static_cast<size_t>(CsvStyle::String(name, text.data()) - text.data()));
      header_.append(i == 0 ? "" : ",").append(text);
    }
    header_ += "\r\n";
  }

  std::string_view content_type() const override { return "text/csv; charset=utf-8"; }
  Status Begin(OutputBuffer* out) override {
    out->Append(header_);
    return Status::OK();
  }
  Result<int64_t> Encode(const arrow::RecordBatch& batch, int64_t row, size_t bytes_wanted, OutputBuffer* out) override {
    return rows_.Encode(batch, row, bytes_wanted, out);
  }
  Result<bool> End(size_t, OutputBuffer*) override { return true; }

 private:
  RowText<CsvStyle> rows_;
  std::string header_;
};

}  // namespace

std::unique_ptr<ResultEncoder> MakeCsvEncoder(const arrow::Schema& schema, TimeFormat time_format) {
  return std::make_unique<CsvEncoder>(schema, time_format);
}

}  // namespace gigapi
