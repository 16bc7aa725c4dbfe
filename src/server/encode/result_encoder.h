// Query results as bytes, piece by piece.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "server/encode/output_buffer.h"

namespace gigapi {

enum class ResultFormat {
  kJson,    // {"results":[{...},...]}: GigAPI's
  kNdjson,  // an object a line
  kCsv,     // RFC 4180 with a header line; NULL is empty, an empty string is ""
  kArrow,   // Arrow's IPC stream
  kParquet,
};

/// "" is json. The message for anything else is GigAPI's.
Result<ResultFormat> ParseResultFormat(std::string_view text);

/// How a timestamp in nanoseconds, as `time` is, appears; coarser ones are RFC 3339 where this says kEpochNanos.
enum class TimeFormat {
  kEpochNanos,
  kRfc3339,
  kLocal,  // RFC 3339 without the Z at its end, as InfluxDB 3 has it
};

/// Used by one thread at a time, for one result: Begin, any number of Encode, End until it returns true.
///
/// In JSON 64-bit and larger integers are strings, since JavaScript's numbers do not hold them; NULL, NaN and infinities
/// are null, but dates and timestamps "infinity"; columns keep the order of the query; binary is base64. CSV has the same
/// texts without that quoting.
class ResultEncoder {
 public:
  static std::unique_ptr<ResultEncoder> Make(ResultFormat format, TimeFormat time_format,
                                             std::shared_ptr<arrow::Schema> schema);
  virtual ~ResultEncoder() = default;

  virtual std::string_view content_type() const = 0;
  virtual Status Begin(OutputBuffer* out) = 0;
  /// Before Begin: rows of these nodes are missing (none: all are there). Formats that have a place for it say so.
  virtual void SetMissingNodes(const std::vector<std::string>& nodes) {}
  /// Encodes from `row` on until the batch ends or `out` has `bytes_wanted`; returns the first row that is left.
  virtual Result<int64_t> Encode(const arrow::RecordBatch& batch, int64_t row, size_t bytes_wanted, OutputBuffer* out) = 0;
  /// Writes what is left, about `bytes_wanted` a call; true when that was all.
  virtual Result<bool> End(size_t bytes_wanted, OutputBuffer* out) = 0;
};

/// Makes the encoder of a result once its columns are known.
using EncoderFactory = std::function<std::unique_ptr<ResultEncoder>(std::shared_ptr<arrow::Schema>)>;

inline EncoderFactory EncoderOf(ResultFormat format, TimeFormat time_format) {
  return [=](std::shared_ptr<arrow::Schema> schema) { return ResultEncoder::Make(format, time_format, std::move(schema)); };
}

}  // namespace gigapi
