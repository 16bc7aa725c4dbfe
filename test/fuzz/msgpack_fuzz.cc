// libFuzzer target: any bytes through ParseMsgpack. Beyond not crashing: a batch is well formed, a refusal keeps nothing and
// says why, and a second parse against the schema that the first one made keeps the same rows with the same types.
#include "batch_check.h"
#include "ingest/msgpack.h"

namespace gigapi {
namespace {

ParseOptions OptionsOf(uint8_t choice) {
  ParseOptions options;
  options.now_ns = 1'750'000'000'000'000'000;
  options.columns_per_table_max = (choice & 1) != 0 ? 3 : 1'000;
  options.values_max = (choice & 2) != 0 ? 100 : 1 << 20;
  return options;
}

/// In any order: a column that the table has begins with its first NULL, a new one with its first value.
bool SameColumns(const ColumnBatch& a, const ColumnBatch& b) {
  if (a.rows() != b.rows() || a.columns.size() != b.columns.size()) return false;
  for (const Column& column : a.columns) {
    const Column* const other = b.Find(column.name);
    if (other == nullptr || other->type != column.type) return false;
    for (size_t row = 0; row < a.rows(); ++row) {
      if (column.IsValid(row) != other->IsValid(row)) return false;
    }
  }
  return true;
}

}  // namespace
}  // namespace gigapi

/// The first byte chooses the options, the rest is the body.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gigapi;
  if (size == 0) return 0;
  const auto [first, second] = ParseTwice(ParseMsgpack, BodyOf(data, size), OptionsOf(data[0]));
  Require((first.refused_rows > 0) == (first.refused.size() == 1), "a refusal without its reason");
  Require(first.refused_rows == 0 || first.accepted_rows == 0, "a refused request keeps rows");
  Require(second.tables.size() == first.tables.size(), "the second parse keeps other tables");
  for (size_t i = 0; i < first.tables.size(); ++i) {
    Require(SameColumns(first.tables[i].rows, second.tables[i].rows), "the second parse makes other columns");
  }
  return 0;
}
