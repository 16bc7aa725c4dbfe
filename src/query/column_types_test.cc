// Every type of column, out of the buffer and out of files as the lake writes them.
#include <gmock/gmock.h>

#include "query/testing/lake_fixture.h"
#include "storage/parquet_file.h"

namespace gigapi {
namespace {

constexpr int64_t kRows = 5000;

SchemaPtr WideSchema() {
  return std::make_shared<const TableSchema>(std::vector<ColumnSchema>{{"tag", ColumnType::kTag},
                                                                       {"rare", ColumnType::kTag},
                                                                       {"f", ColumnType::kFloat64},
                                                                       {"i", ColumnType::kInt64},
                                                                       {"u", ColumnType::kUInt64},
                                                                       {"b", ColumnType::kBool},
                                                                       {"s", ColumnType::kString},
                                                                       {"never", ColumnType::kInt64}});
}

/// Row r is NULL in column c where (r + c) % 7 == 0; `never` is left out.
ColumnBatchPtr WideChunk(const TableSchema& schema) {
  auto batch = std::make_shared<ColumnBatch>();
  for (int64_t row = 0; row < kRows; ++row) batch->time.PushBack(row * 1000);
  for (size_t c = 0; c + 1 < schema.size(); ++c) {
    Column& column = batch->columns.emplace_back();
    column.name = schema[c].name;
    column.type = schema[c].type;
    if (column.name == "tag") {
      for (int value = 0; value < 50; ++value) column.strings.Append("a tag of some length " + std::to_string(value));
    } else if (column.name == "rare") {
      for (int64_t value = 0; value < kRows; ++value) column.strings.Append("r" + std::to_string(value));
    }
    for (int64_t row = 0; row < kRows; ++row) {
      const bool valid = (row + static_cast<int64_t>(c)) % 7 != 0;
      const int64_t value = valid ? row : 0;
      column.valid.PushBack(valid);
      switch (column.type) {
        case ColumnType::kTag:
          column.codes.PushBack(static_cast<uint32_t>(column.name == "tag" ? value % 50 : value));
          break;
        case ColumnType::kFloat64: {
          const double number = static_cast<double>(value) / 4;
          uint64_t word = 0;
          __builtin_memcpy(&word, &number, sizeof(word));
          column.words.PushBack(word);
          break;
        }
        case ColumnType::kInt64: column.words.PushBack(static_cast<uint64_t>(-value)); break;
        case ColumnType::kUInt64: column.words.PushBack(valid ? UINT64_MAX - static_cast<uint64_t>(value) : 0); break;
        case ColumnType::kBool: column.bools.PushBack(value % 2); break;
        case ColumnType::kString: column.strings.Append(valid ? "text é " + std::to_string(value) : ""); break;
      }
    }
  }
  batch->ComputeTimeRange();
  return batch;
}

class ColumnTypes : public testing::Test {
 protected:
  ColumnTypes() {
    const SchemaPtr schema = WideSchema();
    const ColumnBatchPtr chunk = WideChunk(*schema);
    lake_.lake().Put({.database = "db", .table = "buffered", .schema = schema, .files = {}, .memory = {TestPart({chunk})}});
    const LayerPtr layer = MakeLocalLayer(LocalFileSystem(), lake_.directory());
    const std::string key = "wide.1.parquet";
    auto file = std::make_shared<DataFile>(
        *WriteParquet(*layer->Create(key), *schema, *SortChunks(*schema, {chunk}), ParquetOptions{}));
    file->id = 1'000'000;
    file->layer = layer;
    file->key = key;
    file->partition = PartitionKey::Of(0);
    lake_.lake().Put({.database = "db", .table = "filed", .schema = schema, .files = {file}, .memory = {}});
  }
  /// The same answer from both tables, where `t` stands for the table.
  std::string FromBoth(const std::string& sql) {
    const auto on = [&](const std::string& table) { return lake_.Query("WITH t AS (FROM " + table + ") " + sql); };
    const std::string answer = on("buffered");
    EXPECT_EQ(on("filed"), answer) << sql;
    return answer;
  }
  LakeFixture lake_;
};

TEST_F(ColumnTypes, HaveTheirSqlTypes) {
  EXPECT_EQ(
      FromBoth("SELECT column_name, column_type FROM (DESCRIBE t)"),
      "time|TIMESTAMP_NS\ntag|VARCHAR\nrare|VARCHAR\nf|DOUBLE\ni|BIGINT\nu|UBIGINT\nb|BOOLEAN\ns|VARCHAR\nnever|BIGINT\n");
}

TEST_F(ColumnTypes, HoldWhatWasWritten) {
  EXPECT_EQ(FromBoth("SELECT * EXCLUDE (time) FROM t WHERE time = 3001000"),
            "a tag of some length 1|r3001|NULL|-3001|18446744073709548614|true|text é 3001|NULL\n");
  EXPECT_EQ(FromBoth("SELECT * EXCLUDE (time) FROM t WHERE time = 7000"),
            "NULL|r7|1.75|-7|18446744073709551608|true|text é 7|NULL\n");
  EXPECT_EQ(lake_.Query("SELECT count(*) FROM ((FROM buffered EXCEPT ALL FROM filed) UNION ALL "
                        "(FROM filed EXCEPT ALL FROM buffered))"),
            "0\n");
}

TEST_F(ColumnTypes, AreCountedAndBounded) {
  EXPECT_EQ(
      FromBoth(
          "SELECT count(*), count(tag), count(rare), count(f), count(i), count(u), count(b), count(s), count(never) FROM t"),
      "5000|4285|4286|4286|4286|4286|4286|4285|0\n");
  EXPECT_EQ(FromBoth("SELECT min(i), max(i), min(u), max(u), min(f), max(f), min(b), max(b) FROM t"),
            "-4999|0|18446744073709546616|18446744073709551615|0|1249.75|false|true\n");
  EXPECT_EQ(FromBoth("SELECT min(tag), max(tag), min(s), max(never) FROM t"),
            "a tag of some length 0|a tag of some length 9|text é 0|NULL\n");
}

TEST_F(ColumnTypes, CanBeFiltered) {
  FromBoth("SELECT count(*), sum(i) FROM t WHERE tag = 'a tag of some length 7'");
  FromBoth("SELECT count(*), sum(i) FROM t WHERE rare IN ('r1', 'r2', 'nothing')");
  FromBoth("SELECT count(*), sum(i) FROM t WHERE u > 18446744073709551600");
  FromBoth("SELECT count(*), sum(i) FROM t WHERE b");
  FromBoth("SELECT count(*), sum(i) FROM t WHERE NOT b AND f > 100");
  FromBoth("SELECT count(*), sum(i) FROM t WHERE s LIKE 'text é 49%'");
  FromBoth("SELECT count(*), sum(i) FROM t WHERE never IS NULL AND tag IS NOT NULL");
  FromBoth("SELECT count(*), sum(i) FROM t WHERE never = 1");
  FromBoth("SELECT tag, b, count(*), max(s) FROM t GROUP BY ALL ORDER BY ALL");
  FromBoth("SELECT * FROM t ORDER BY u NULLS LAST, time LIMIT 20 OFFSET 5");
  FromBoth("SELECT * FROM t ORDER BY time DESC LIMIT 20 OFFSET 2500");
}

}  // namespace
}  // namespace gigapi
