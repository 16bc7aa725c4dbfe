#include "server/api/influx/v3_formats.h"

#include "server/encode/encoders.h"
#include "server/encode/json_style.h"

namespace gigapi::influx {
namespace {

constexpr size_t kPrettyBytesMax = 32 << 20;

struct V3Style : JsonStyle {
  static constexpr bool kOmitsNulls = true;
};

constexpr JsonFrame kArray = {"application/json", "[", ",", "}", "]"};
constexpr JsonFrame kLines = {"application/jsonl", "", "", "}\n", ""};

EncoderFactory JsonObjectsIn(const JsonFrame& frame) {
  return [&frame](const auto& schema) { return std::make_unique<JsonObjects<V3Style>>(*schema, frame, TimeFormat::kLocal); };
}

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
  if (format == "json") return JsonObjectsIn(kArray);
  if (format == "jsonl") return JsonObjectsIn(kLines);
  if (format == "csv") return EncoderOf(ResultFormat::kCsv, TimeFormat::kLocal);
  if (format == "parquet") return EncoderOf(ResultFormat::kParquet, TimeFormat::kLocal);
  if (format == "pretty") return [](const auto& schema) { return MakePrettyEncoder(*schema, kPrettyBytesMax); };
  return Errorf(ErrorKind::kInvalidArgument, "unknown format '{}': json, jsonl, csv, parquet and pretty are known", format);
}

}  // namespace gigapi::influx
