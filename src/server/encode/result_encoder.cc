#include "server/encode/result_encoder.h"

#include "server/encode/encoders.h"

namespace gigapi {

Result<ResultFormat> ParseResultFormat(std::string_view text) {
  if (text.empty() || text == "json") return ResultFormat::kJson;
  if (text == "ndjson") return ResultFormat::kNdjson;
  if (text == "csv") return ResultFormat::kCsv;
  if (text == "arrow") return ResultFormat::kArrow;
  if (text == "parquet") return ResultFormat::kParquet;
  return Errorf(ErrorKind::kInvalidArgument, "Unsupported format: {}", text);
}

std::unique_ptr<ResultEncoder> ResultEncoder::Make(ResultFormat format, TimeFormat time_format,
                                                   std::shared_ptr<arrow::Schema> schema) {
  switch (format) {
    case ResultFormat::kJson: return MakeJsonEncoder(*schema, time_format);
    case ResultFormat::kNdjson: return MakeNdjsonEncoder(*schema, time_format);
    case ResultFormat::kCsv: return MakeCsvEncoder(*schema, time_format);
    case ResultFormat::kArrow: return MakeArrowEncoder(std::move(schema));
    case ResultFormat::kParquet: return MakeParquetEncoder(std::move(schema));
  }
  return nullptr;
}

}  // namespace gigapi
