// libFuzzer target: any bytes through ParseArrowRows and ParseParquetRows. Beyond not crashing: a batch is well formed, a
// refusal keeps nothing, and a second parse against the schema that the first one made keeps the same rows.
#include "batch_check.h"
#include "ingest/arrow_rows.h"

/// The first byte chooses the options and the format, the rest is the body.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gigapi;
  if (size == 0) return 0;
  ParseOptions options;
  options.now_ns = 1'750'000'000'000'000'000;
  options.table = "t";
  options.columns_per_table_max = (data[0] & 2) != 0 ? 3 : 1'000;
  options.values_max = (data[0] & 4) != 0 ? 100 : 1 << 20;
  const auto parse = (data[0] & 1) != 0 ? ParseParquetRows : ParseArrowRows;
  const auto [first, second] = ParseTwice(parse, BodyOf(data, size), options);
  Require(first.refused_rows == 0 || first.accepted_rows == 0, "a refused request keeps rows");
  Require(second.accepted_rows == first.accepted_rows, "the second parse keeps another number of rows");
  return 0;
}
