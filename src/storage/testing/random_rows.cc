#include "storage/testing/random_rows.h"

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>
#include <parquet/properties.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <filesystem>

namespace gigapi {
namespace {

constexpr const char* kTexts[] = {"", "a", "ab", "größer", "\xF0\x9F\x9A\x80", "a longer text with, commas=and spaces"};

class ColumnFiller {
 public:
  ColumnFiller(const RandomRowsOptions& options, std::mt19937_64* random) : options_(options), random_(random) {}

  Column Fill(const ColumnSchema& schema) {
    Column column;
    column.name = schema.name;
    column.type = schema.type;
    const bool has_nulls = options_.null_share > 0 && Below(3) > 0;
    if (schema.type == ColumnType::kTag) FillDictionary(&column);
    for (size_t row = 0; row < options_.rows; ++row) {
      const bool valid = !has_nulls || !Chance(options_.null_share);
      if (has_nulls) column.valid.PushBack(valid);
      Append(&column, valid);
    }
    return column;
  }

  bool Chance(double share) { return std::uniform_real_distribution<>()(*random_) < share; }
  uint64_t Below(uint64_t limit) { return (*random_)() % limit; }

 private:
  void FillDictionary(Column* column) {
    std::vector<int> numbers(static_cast<size_t>(options_.hosts) + 1);
    for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<int>(i);
    std::shuffle(numbers.begin(), numbers.end(), *random_);
    for (const int number : numbers) column->strings.Append(column->name + std::to_string(number));
  }

  void Append(Column* column, bool valid) {
    switch (column->type) {
      case ColumnType::kTag: column->codes.PushBack(valid ? static_cast<uint32_t>(Below(options_.hosts)) : 0); break;
      case ColumnType::kFloat64: column->words.PushBack(valid ? std::bit_cast<uint64_t>(Double()) : 0); break;
      case ColumnType::kInt64:
      case ColumnType::kUInt64: column->words.PushBack(valid ? (Chance(0.1) ? (*random_)() : Below(1000)) : 0); break;
      case ColumnType::kBool: column->bools.PushBack(valid && Below(2)); break;
      case ColumnType::kString: column->strings.Append(valid ? Text() : std::string()); break;
    }
  }

  double Double() {
    switch (Below(20)) {
      case 0: return std::numeric_limits<double>::quiet_NaN();
      case 1: return -std::numeric_limits<double>::infinity();
      case 2: return -0.0;
      case 3: return std::uniform_real_distribution<>(-1e300, 1e300)(*random_);
      default: return static_cast<double>(Below(10'000)) / 100;
    }
  }

  std::string Text() {
    if (Chance(0.05)) return std::string(Below(300), 'x') + std::to_string(Below(1000));
    return kTexts[Below(std::size(kTexts))];
  }

  const RandomRowsOptions& options_;
  std::mt19937_64* const random_;
};

std::string ValueText(const Column* column, size_t row) {
  if (column == nullptr || !column->IsValid(row)) return "NULL";
  switch (column->type) {
    case ColumnType::kTag: return "'" + std::string(column->TagValue(row)) + "'";
    case ColumnType::kString: return "'" + std::string(column->strings[row]) + "'";
    case ColumnType::kBool: return column->bools[row] ? "true" : "false";
    default: return std::to_string(column->words[row]);
  }
}

/// -1, 0 or 1: how two rows compare by one tag.
int CompareTag(const Column* column, size_t a, size_t b) {
  const bool a_valid = column != nullptr && column->IsValid(a);
  const bool b_valid = column != nullptr && column->IsValid(b);
  if (!a_valid || !b_valid) return static_cast<int>(a_valid) - static_cast<int>(b_valid);
  const int order = column->TagValue(a).compare(column->TagValue(b));
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

void AppendArray(const arrow::Array& array, Column* column) {
  for (int64_t row = 0; row < array.length(); ++row) {
    const bool valid = array.IsValid(row);
    column->valid.PushBack(valid);
    switch (column->type) {
      case ColumnType::kTag: column->codes.PushBack(static_cast<uint32_t>(column->strings.size())); [[fallthrough]];
      case ColumnType::kString:
        column->strings.Append(valid ? static_cast<const arrow::StringArray&>(array).GetView(row) : std::string_view());
        break;
      case ColumnType::kBool:
        column->bools.PushBack(valid && static_cast<const arrow::BooleanArray&>(array).Value(row));
        break;
      default: column->words.PushBack(valid ? static_cast<const arrow::UInt64Array&>(array).Value(row) : 0);
    }
  }
}

arrow::Type::type ArrowTypeOf(ColumnType type) {
  switch (type) {
    case ColumnType::kTag:
    case ColumnType::kString: return arrow::Type::STRING;
    case ColumnType::kFloat64: return arrow::Type::DOUBLE;
    case ColumnType::kInt64: return arrow::Type::INT64;
    case ColumnType::kUInt64: return arrow::Type::UINT64;
    case ColumnType::kBool: return arrow::Type::BOOL;
  }
  return arrow::Type::NA;
}

}  // namespace

SchemaPtr EveryTypeSchema() {
  return std::make_shared<const TableSchema>(std::vector<ColumnSchema>{{"host", ColumnType::kTag},
                                                                       {"f", ColumnType::kFloat64},
                                                                       {"region", ColumnType::kTag},
                                                                       {"i", ColumnType::kInt64},
                                                                       {"u", ColumnType::kUInt64},
                                                                       {"b", ColumnType::kBool},
                                                                       {"s", ColumnType::kString}});
}

ColumnBatch RandomRows(const TableSchema& schema, const RandomRowsOptions& options, std::mt19937_64* random) {
  ColumnFiller filler(options, random);
  ColumnBatch batch;
  for (size_t row = 0; row < options.rows; ++row) {
    batch.time.PushBack(options.begin_ns + static_cast<int64_t>(filler.Below(static_cast<uint64_t>(options.span_ns))));
  }
  if (options.sorted_by_time) std::sort(batch.time.begin(), batch.time.end());
  for (const ColumnSchema& column : schema.columns()) {
    if (!filler.Chance(options.missing_share)) batch.columns.push_back(filler.Fill(column));
  }
  std::shuffle(batch.columns.begin(), batch.columns.end(), *random);
  batch.ComputeTimeRange();
  return batch;
}

std::vector<std::string> Lines(const TableSchema& schema, const ColumnBatch& batch) {
  std::vector<const Column*> columns;
  for (const ColumnSchema& column : schema.columns()) columns.push_back(batch.Find(column.name));
  std::vector<std::string> lines;
  for (size_t row = 0; row < batch.rows(); ++row) {
    std::string& line = lines.emplace_back(std::to_string(batch.time[row]));
    for (const Column* column : columns) line += ' ' + ValueText(column, row);
  }
  return lines;
}

bool IsSorted(const TableSchema& schema, const ColumnBatch& batch) {
  std::vector<const Column*> tags;
  for (const size_t tag : schema.tags()) tags.push_back(batch.Find(schema[tag].name));
  for (size_t row = 1; row < batch.rows(); ++row) {
    int order = 0;
    for (size_t i = 0; i < tags.size() && order == 0; ++i) order = CompareTag(tags[i], row - 1, row);
    if (order > 0 || (order == 0 && batch.time[row - 1] > batch.time[row])) return false;
  }
  return true;
}

ColumnBatch ReadWithArrow(const std::string& path, const TableSchema& schema) {
  auto file = arrow::io::ReadableFile::Open(path).ValueOrDie();
  auto reader =
      parquet::arrow::FileReader::Make(arrow::default_memory_pool(), parquet::ParquetFileReader::Open(file)).ValueOrDie();
  auto table = reader->ReadTable().ValueOrDie();
  EXPECT_TRUE(table->ValidateFull().ok());
  ColumnBatch batch;
  const auto time = table->GetColumnByName("time");
  EXPECT_TRUE(time->type()->Equals(arrow::timestamp(arrow::TimeUnit::NANO)));
  for (const auto& chunk : time->chunks()) {
    const auto& values = static_cast<const arrow::TimestampArray&>(*chunk);
    batch.time.Append(values.raw_values(), static_cast<size_t>(values.length()));
  }
  for (const ColumnSchema& expected : schema.columns()) {
    const auto values = table->GetColumnByName(expected.name);
    if (!values) continue;
    EXPECT_EQ(values->type()->id(), ArrowTypeOf(expected.type)) << expected.name;
    Column& column = batch.columns.emplace_back();
    column.name = expected.name;
    column.type = expected.type;
    for (const auto& chunk : values->chunks()) AppendArray(*chunk, &column);
  }
  EXPECT_EQ(static_cast<size_t>(table->num_columns()), batch.columns.size() + 1);
  batch.ComputeTimeRange();
  return batch;
}

TemporaryDirectory::TemporaryDirectory() {
  std::string pattern = std::filesystem::temp_directory_path() / "gigapi_test.XXXXXX";
  path_ = ::mkdtemp(pattern.data());
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace gigapi
