#include "server/encode/encoders.h"
#include "server/encode/json_style.h"

namespace gigapi {
namespace {

/// JavaScript's numbers do not hold 64 bits.
struct BigIntegersAsText : JsonStyle {
  static char* BigInteger(auto write, char* out) { return Quoted(write, out); }
};

constexpr JsonFrame kDocument = {"application/json", "{\"results\":[", ",", "}", "]}\n"};
constexpr JsonFrame kLines = {"application/x-ndjson", "", "", "}\n", ""};

}  // namespace

std::unique_ptr<ResultEncoder> MakeJsonEncoder(const arrow::Schema& schema, TimeFormat time_format) {
  return std::make_unique<JsonObjects<BigIntegersAsText>>(schema, kDocument, time_format);
}

std::unique_ptr<ResultEncoder> MakeNdjsonEncoder(const arrow::Schema& schema, TimeFormat time_format) {
  return std::make_unique<JsonObjects<BigIntegersAsText>>(schema, kLines, time_format);
}

}  // namespace gigapi
