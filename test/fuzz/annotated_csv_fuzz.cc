// libFuzzer target: any bytes through ParseAnnotatedCsv, whole and in pieces. Beyond not crashing: a batch is well formed, a
// second parse against the schema that the first one made keeps as many rows, and a cut loses nothing behind it.
#include "batch_check.h"
#include "ingest/annotated_csv.h"

namespace gigapi {
namespace {

ParseOptions OptionsOf(uint8_t choice) {
  ParseOptions options;
  options.now_ns = 1'750'000'000'000'000'000;
  if ((choice & 8) != 0) options.table = "t";
  options.columns_per_table_max = (choice & 1) != 0 ? 3 : 1'000;
  options.values_max = (choice & 2) != 0 ? 100 : 1 << 20;
  options.line_bytes_max = (choice & 4) != 0 ? 32 : 1 << 20;
  return options;
}

}  // namespace
}  // namespace gigapi

/// The first byte chooses the options, the rest is the body.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gigapi;
  if (size == 0) return 0;
  const std::string_view body = BodyOf(data, size);
  const auto [first, second] = ParseTwice(ParseAnnotatedCsv, body, OptionsOf(data[0]));
  Require(second.accepted_rows >= first.accepted_rows, "the second parse keeps fewer rows");
  const size_t cut = EndOfAnnotatedRecords(body);
  Require(cut <= body.size(), "a cut behind the end");
  const std::string rest = HeadOfNextPiece(body.substr(0, cut)) + std::string(body.substr(cut));
  CheckBatch(ParseAnnotatedCsv(rest, OptionsOf(data[0]), LearnedSchemas()));
  return 0;
}
