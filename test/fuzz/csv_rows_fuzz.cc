// libFuzzer target: any bytes through ParseCsvRows. Beyond not crashing: a batch is well formed, and a second parse against
// the schema that the first one made keeps as many rows.
#include "batch_check.h"
#include "ingest/csv_rows.h"

namespace gigapi {
namespace {

ParseOptions OptionsOf(uint8_t choice) {
  ParseOptions options;
  options.now_ns = 1'750'000'000'000'000'000;
  options.table = "t";
  options.columns_per_table_max = (choice & 1) != 0 ? 3 : 1'000;
  options.values_max = (choice & 2) != 0 ? 100 : 1 << 20;
  options.line_bytes_max = (choice & 4) != 0 ? 32 : 1 << 20;
  if ((choice & 8) != 0) options.tags = {"host"};
  if ((choice & 16) != 0) options.types = "n:int,host:tag,at:time,u:unsigned,f:float,b:bool,s:string,x:skip";
  if ((choice & 32) != 0) options.delimiter = ':';
  return options;
}

}  // namespace
}  // namespace gigapi

/// The first byte chooses the options, the rest is the body.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gigapi;
  if (size == 0) return 0;
  const auto [first, second] = ParseTwice(ParseCsvRows, BodyOf(data, size), OptionsOf(data[0]));
  Require(second.accepted_rows >= first.accepted_rows, "the second parse keeps fewer rows");
  return 0;
}
