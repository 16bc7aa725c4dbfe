// JSON for RowText: what the dialects' encoders share. A dialect derives its own style and hides what it has otherwise.
#pragma once

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_writer.h"
#include "server/encode/json_text.h"
#include "server/encode/row_text.h"

namespace gigapi {

/// All numbers are JSON numbers; nested values are JSON.
struct JsonStyle {
  static constexpr bool kOmitsNulls = false;
  static char* Null(char* out) {
    std::memcpy(out, "null", 4);
    return out + 4;
  }
  static char* String(std::string_view text, char* out) { return WriteJsonString(text, out); }
  static constexpr size_t StringBytesMax(size_t bytes) { return JsonStringBytesMax(bytes); }
  static size_t StringBytes(std::string_view text) { return JsonStringBytes(text); }
  static char* Quoted(auto write, char* out) {
    *out++ = '"';
    out = write(out);
    *out++ = '"';
    return out;
  }
  static char* BigInteger(auto write, char* out) { return write(out); }
  static char* Other(std::string_view json, char* out) {
    std::memcpy(out, json.data(), json.size());
    return out + json.size();
  }
};

/// `{"a":`, `,"b":`: what stands before the values of a row that is an object, which "}" ends.
std::vector<PaddedText> JsonObjectKeys(const arrow::Schema& schema);
/// `[`, `,`: the same for a row that is an array, which "]" ends.
std::vector<PaddedText> JsonArraySeparators(const arrow::Schema& schema);

/// `"missing_nodes":["a","b"]`
std::string MissingNodesJson(const std::vector<std::string>& nodes);

/// What stands around the objects of a result.
struct JsonFrame {
  std::string_view media_type;
  std::string_view begin;
  std::string_view between;
  std::string_view after;  // every object, its brace included
  std::string_view end;
};

/// Rows as objects in a frame.
template <typename Style>
class JsonObjects final : public ResultEncoder {
 public:
  JsonObjects(const arrow::Schema& schema, const JsonFrame& frame, TimeFormat time_format)
      : frame_(frame),
        rows_(JsonObjectKeys(schema), PaddedText(std::string(frame.after)), PaddedText(std::string(frame.between)),
              time_format) {}

  std::string_view content_type() const override { return frame_.media_type; }
  Status Begin(OutputBuffer* out) override {
    out->Append(frame_.begin);
    return Status::OK();
  }
  Result<int64_t> Encode(const arrow::RecordBatch& batch, int64_t row, size_t bytes_wanted, OutputBuffer* out) override {
    return rows_.Encode(batch, row, bytes_wanted, out);
  }
  /// A document that is an object gets a key `missing_nodes` at its end.
  void SetMissingNodes(const std::vector<std::string>& nodes) override {
    if (nodes.empty() || !frame_.end.starts_with("]}")) return;
    end_ = "]," + MissingNodesJson(nodes) + std::string(frame_.end.substr(1));
  }
  Result<bool> End(size_t, OutputBuffer* out) override {
    out->Append(end_.empty() ? frame_.end : std::string_view(end_));
    return true;
  }

 private:
  std::string end_;  // instead of the frame's; empty: none
  const JsonFrame frame_;
  RowText<Style> rows_;
};

}  // namespace gigapi
