// libFuzzer target: any bytes through ParseLineProtocol. Beyond not crashing, an accepted batch must be well formed, and a
// second parse of the same bytes against the schema that the first one made must keep the same rows: that is what the
// server relies on when it parses again after a conflict, and when it replays its log.
#include "batch_check.h"
#include "ingest/line_protocol.h"

namespace gigapi {
namespace {

void CheckFields(const WriteBatch& batch) {
  for (const auto& [table, columns] : batch.tables) {
    bool has_field = false;
    for (const auto& column : columns.columns) has_field |= KindOf(column.type) == ColumnKind::kField;
    Require(has_field, "rows without any field");
  }
}

ParseOptions OptionsOf(uint8_t choice) {
  ParseOptions options;
  options.precision = static_cast<Precision>(choice % 7);
  options.now_ns = 1'750'000'000'000'000'000;
  options.line_bytes_max = (choice & 0x10) != 0 ? 64 : 1 << 20;
  options.columns_per_table_max = (choice & 0x20) != 0 ? 3 : 1'000;
  return options;
}

}  // namespace
}  // namespace gigapi

/// The first byte chooses the options, the rest is the body.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gigapi;
  if (size == 0) return 0;
  const auto [first, second] = ParseTwice(ParseLineProtocol, BodyOf(data, size), OptionsOf(data[0]));
  CheckFields(first);
  Require(second.accepted_rows == first.accepted_rows, "the second parse keeps another number of rows");
  Require(second.refused_rows == first.refused_rows, "the second parse refuses another number of lines");
  return 0;
}
