#include "ingest/parquet_times.h"

#include <parquet/column_reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/schema.h>

#include <array>
#include <memory>

#include "base/clock.h"

namespace gigapi {
namespace {

constexpr int64_t kValuesAtOnce = 1'024;
constexpr int64_t kJulianDayOfEpoch = 2'440'588;

bool FitsNanos(const parquet::Int96& time) {
  const uint64_t nanos_of_day = time.value[0] | uint64_t{time.value[1]} << 32;
  const __int128 day = static_cast<int64_t>(time.value[2]) - kJulianDayOfEpoch;
  const __int128 nanos = day * 24 * kNanosPerHour + nanos_of_day;
  return nanos >= INT64_MIN && nanos <= INT64_MAX;
}

Status CheckColumn(const std::string& name, parquet::Int96Reader* column) {
  std::array<parquet::Int96, kValuesAtOnce> values;
  std::array<int16_t, kValuesAtOnce> definitions, repetitions;
  while (column->HasNext()) {
    int64_t read = 0;
    column->ReadBatch(kValuesAtOnce, definitions.data(), repetitions.data(), values.data(), &read);
    for (int64_t i = 0; i < read; ++i) {
      if (FitsNanos(values[static_cast<size_t>(i)])) continue;
      return Errorf(ErrorKind::kInvalidArgument, "column '{}' has a time outside of the years 1677 to 2262", name);
    }
  }
  return Status::OK();
}

}  // namespace

Status CheckInt96Times(parquet::ParquetFileReader* file) {
  const parquet::SchemaDescriptor& schema = *file->metadata()->schema();
  for (int column = 0; column < schema.num_columns(); ++column) {
    if (schema.Column(column)->physical_type() != parquet::Type::INT96) continue;
    for (int group = 0; group < file->metadata()->num_row_groups(); ++group) {
      const std::shared_ptr<parquet::ColumnReader> reader = file->RowGroup(group)->Column(column);
      ARROW_RETURN_NOT_OK(
          CheckColumn(schema.Column(column)->path()->ToDotString(), static_cast<parquet::Int96Reader*>(reader.get())));
    }
  }
  return Status::OK();
}

}  // namespace gigapi
