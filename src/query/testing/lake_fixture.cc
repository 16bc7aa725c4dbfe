#include "query/testing/lake_fixture.h"

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <parquet/arrow/writer.h>
#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <set>

#include "object_store/testing/memory_store.h"

namespace gigapi {
namespace {

std::atomic<uint64_t> next_id{1};  // of files

void Check(const Status& status) {
  if (!status.ok()) status.Abort();
}

template <typename Builder, typename Get>
std::shared_ptr<arrow::Array> Values(const std::vector<TestRow>& rows, Builder builder, Get get) {
  for (const TestRow& row : rows) {
    const auto& value = get(row);
    Check(value ? builder.Append(*value) : builder.AppendNull());
  }
  return builder.Finish().ValueOrDie();
}

using FileShape = LakeFixture::FileShape;

std::optional<int64_t> WholeValue(const TestRow& row) {
  return row.value ? std::optional<int64_t>(static_cast<int64_t>(*row.value)) : std::nullopt;
}

std::shared_ptr<arrow::Table> ToTable(const std::vector<TestRow>& rows, FileShape shape) {
  auto time_type = arrow::timestamp(arrow::TimeUnit::NANO, shape == FileShape::kUtcTime ? "UTC" : "");
  arrow::TimestampBuilder time(time_type, arrow::default_memory_pool());
  for (const TestRow& row : rows) Check(time.Append(row.time));
  arrow::FieldVector fields{arrow::field("time", time_type, false), arrow::field("host", arrow::utf8()),
                            arrow::field("value", shape == FileShape::kIntegerValue ? arrow::int64() : arrow::float64())};
  arrow::ArrayVector columns{time.Finish().ValueOrDie(),
                             Values(rows, arrow::StringBuilder(), [](const TestRow& row) { return row.host; }),
                             shape == FileShape::kIntegerValue
                                 ? Values(rows, arrow::Int64Builder(), WholeValue)
                                 : Values(rows, arrow::DoubleBuilder(), [](const TestRow& row) { return row.value; })};
  if (shape != FileShape::kWithoutNumber) {
    fields.push_back(arrow::field("number", arrow::int64()));
    columns.push_back(Values(rows, arrow::Int64Builder(), [](const TestRow& row) { return row.number; }));
  }
  return arrow::Table::Make(arrow::schema(fields), columns);
}

template <typename Get>
ColumnStats Stats(const std::vector<TestRow>& rows, std::string name, ColumnType type, Get get) {
  ColumnStats stats;
  stats.name = std::move(name);
  stats.type = type;
  for (const TestRow& row : rows) {
    const auto value = get(row);
    if (!value) {
      ++stats.null_count;
      continue;
    }
    using T = std::decay_t<decltype(*value)>;
    if constexpr (std::is_same_v<T, double>) {
      if (*value != *value) {
        stats.has_nan = true;
        continue;
      }
    }
    if (std::holds_alternative<std::monostate>(stats.min)) stats.min = stats.max = *value;
    if (*value < std::get<T>(stats.min)) stats.min = *value;
    if (*value > std::get<T>(stats.max)) stats.max = *value;
  }
  return stats;
}

std::string CellText(const arrow::Array& array, int64_t row) {
  auto scalar = array.GetScalar(row).ValueOrDie();
  return scalar->is_valid ? scalar->ToString() : "NULL";
}

}  // namespace

LakeSnapshotPtr TestLake::Snapshot() {
  const std::lock_guard<std::mutex> guard(lock_);
  return snapshot_;
}

void TestLake::Set(LakeSnapshotPtr snapshot) {
  const std::lock_guard<std::mutex> guard(lock_);
  snapshot_ = std::move(snapshot);
}

void TestLake::Put(TableSnapshot table) {
  const std::lock_guard<std::mutex> guard(lock_);
  auto next = std::make_shared<LakeSnapshot>(*snapshot_);
  auto& tables = next->databases[table.database];
  const std::string name = table.table;
  tables[name] = std::make_shared<const TableSnapshot>(std::move(table));
  snapshot_ = std::move(next);
}

SchemaPtr TestSchema() {
  static const SchemaPtr schema = std::make_shared<const TableSchema>(std::vector<ColumnSchema>{
      {"host", ColumnType::kTag}, {"value", ColumnType::kFloat64}, {"number", ColumnType::kInt64}});
  return schema;
}

ColumnBatchPtr TestChunk(const std::vector<TestRow>& rows) {
  auto batch = std::make_shared<ColumnBatch>();
  batch->columns.resize(3);
  Column& host = batch->columns[0];
  Column& value = batch->columns[1];
  Column& number = batch->columns[2];
  host.name = "host", host.type = ColumnType::kTag;
  value.name = "value", value.type = ColumnType::kFloat64;
  number.name = "number", number.type = ColumnType::kInt64;
  std::vector<std::string> hosts;
  for (const TestRow& row : rows) {
    batch->time.PushBack(row.time);
    const std::string name = row.host.value_or("");
    const auto found = std::find(hosts.begin(), hosts.end(), name);
    if (found == hosts.end()) {
      if (row.host) {
        hosts.push_back(name);
        host.strings.Append(name);
      }
      host.codes.PushBack(row.host ? static_cast<uint32_t>(hosts.size() - 1) : 0);
    } else {
      host.codes.PushBack(row.host ? static_cast<uint32_t>(found - hosts.begin()) : 0);
    }
    host.valid.PushBack(row.host.has_value());
    const double v = row.value.value_or(0);
    uint64_t word = 0;
    __builtin_memcpy(&word, &v, sizeof(word));
    value.words.PushBack(word);
    value.valid.PushBack(row.value.has_value());
    number.words.PushBack(static_cast<uint64_t>(row.number.value_or(0)));
    number.valid.PushBack(row.number.has_value());
  }
  const auto drop_when_all_valid = [](Column* column) {
    if (std::all_of(column->valid.begin(), column->valid.end(), [](uint8_t v) { return v != 0; })) column->valid = {};
  };
  for (Column& column : batch->columns) drop_when_all_valid(&column);
  batch->ComputeTimeRange();
  return batch;
}

MemoryPartPtr TestPart(std::vector<ColumnBatchPtr> chunks) {
  auto part = std::make_shared<MemoryPart>();
  part->min_time = INT64_MAX;
  part->max_time = INT64_MIN;
  for (const auto& chunk : chunks) {
    part->rows += static_cast<int64_t>(chunk->rows());
    part->min_time = std::min(part->min_time, chunk->min_time);
    part->max_time = std::max(part->max_time, chunk->max_time);
  }
  part->partition = PartitionKey::Of(part->min_time);
  part->chunks = std::move(chunks);
  return part;
}

LakeFixture::LakeFixture(QueryOptions options) : options_(std::move(options)) {
  std::string pattern = (std::filesystem::temp_directory_path() / "lake_fixture_XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) Status::IOError("no temporary folder").Abort();
  directory_ = pattern;
  layer_ = MakeLocalLayer(LocalFileSystem(), directory_);
  Restart();
}

void LakeFixture::Restart() {
  auto engine = QueryEngine::Open(&lake_, options_);
  Check(engine.status());
  engine_ = std::move(engine).ValueOrDie();
}

LakeFixture::~LakeFixture() {
  engine_.reset();
  std::filesystem::remove_all(directory_);
}

DataFilePtr LakeFixture::MissingFile(int64_t min_time, int64_t max_time, int64_t rows) {
  auto file = std::make_shared<DataFile>();
  file->id = next_id++;
  file->layer = layer_;
  file->key = "missing.parquet";
  file->partition = PartitionKey::Of(min_time);
  file->rows = rows;
  file->min_time = min_time;
  file->max_time = max_time;
  return file;
}

DataFilePtr LakeFixture::WriteFile(const std::vector<TestRow>& rows, FileShape shape) {
  auto file = std::make_shared<DataFile>();
  file->id = next_id++;
  file->layer = layer_;
  file->key = std::to_string(file->id) + ".1.parquet";
  const std::string path = directory_ + "/" + file->key;
  auto out = arrow::io::FileOutputStream::Open(path).ValueOrDie();
  // Small row groups, so that files have several.
  Check(parquet::arrow::WriteTable(*ToTable(rows, shape), arrow::default_memory_pool(), out, 3000));
  Check(out->Close());
  file->rows = static_cast<int64_t>(rows.size());
  file->size_bytes = static_cast<int64_t>(std::filesystem::file_size(path));
  file->min_time = INT64_MAX;
  file->max_time = INT64_MIN;
  for (const TestRow& row : rows) {
    file->min_time = std::min(file->min_time, row.time);
    file->max_time = std::max(file->max_time, row.time);
  }
  file->partition = PartitionKey::Of(file->min_time);
  file->columns = {Stats(rows, "host", ColumnType::kTag, [](const TestRow& row) { return row.host; }),
                   shape == FileShape::kIntegerValue
                       ? Stats(rows, "value", ColumnType::kInt64, WholeValue)
                       : Stats(rows, "value", ColumnType::kFloat64, [](const TestRow& row) { return row.value; })};
  if (shape != FileShape::kWithoutNumber) {
    file->columns.push_back(Stats(rows, "number", ColumnType::kInt64, [](const TestRow& row) { return row.number; }));
  }
  return file;
}

TableSnapshot LakeFixture::Table(const std::string& database, const std::string& table) {
  const auto snapshot = lake_.Snapshot();
  const auto found = snapshot->databases.find(database);
  if (found != snapshot->databases.end() && found->second.count(table) != 0) return *found->second.at(table);
  return {.database = database, .table = table, .schema = TestSchema(), .files = {}, .memory = {}};
}

void LakeFixture::AddFile(const std::string& database, const std::string& table, const std::vector<TestRow>& rows) {
  AddToTable(database, table, WriteFile(rows));
}

void LakeFixture::AddStoredFile(const std::string& database, const std::string& table, const std::vector<TestRow>& rows) {
  if (!store_layer_) {
    std::shared_ptr<ReadCache> cache = ReadCache::Create({.directory = directory_ + "/cache"}).ValueOrDie();
    store_layer_ = std::make_shared<const Layer>(LayerOptions{.name = "store"}, MakeMemoryStore(), std::move(cache));
  }
  auto file = std::make_shared<DataFile>(*WriteFile(rows));
  file->layer = store_layer_;
  std::ifstream in(directory_ + "/" + file->key, std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(in), {});
  auto writer = store_layer_->store()->Create(file->key).ValueOrDie();
  Check(writer->Append(bytes));
  Check(writer->Commit());
  AddToTable(database, table, std::move(file));
}

void LakeFixture::AddToTable(const std::string& database, const std::string& table, DataFilePtr file) {
  TableSnapshot changed = Table(database, table);
  std::vector<DataFilePtr> files(changed.files.begin(), changed.files.end());
  files.push_back(std::move(file));
  std::stable_sort(files.begin(), files.end(), [](const DataFilePtr& a, const DataFilePtr& b) {
    return std::tie(a->partition, a->min_time) < std::tie(b->partition, b->min_time);
  });
  changed.files = std::move(files);
  lake_.Put(std::move(changed));
}

void LakeFixture::AddBuffered(const std::string& database, const std::string& table, const std::vector<TestRow>& rows) {
  TableSnapshot changed = Table(database, table);
  changed.memory.push_back(TestPart({TestChunk(rows)}));
  lake_.Put(std::move(changed));
}

Result<std::shared_ptr<arrow::Table>> LakeFixture::Run(const std::string& sql, const std::string& database,
                                                       const Parameters& parameters) {
  QueryRequest request{.sql = sql, .database = database, .parameters = parameters};
  ARROW_ASSIGN_OR_RAISE(auto stream, engine_->Execute(request, QueryCancel()));
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(auto batch, stream->Next());
    if (batch == nullptr) break;
    ARROW_RETURN_NOT_OK(batch->ValidateFull());
    batches.push_back(std::move(batch));
  }
  return arrow::Table::FromRecordBatches(stream->schema(), batches);
}

std::string LakeFixture::Query(const std::string& sql, const std::string& database, const Parameters& parameters) {
  auto table = Run(sql, database, parameters);
  if (!table.ok()) return table.status().message();
  auto rows = (*table)->CombineChunksToBatch();
  if (!rows.ok()) return rows.status().message();
  std::string text;
  for (int64_t row = 0; row < (*rows)->num_rows(); ++row) {
    for (int column = 0; column < (*rows)->num_columns(); ++column) {
      if (column > 0) text += '|';
      text += CellText(*(*rows)->column(column), row);
    }
    text += '\n';
  }
  return text;
}

Status LakeFixture::Fails(const std::string& sql, const std::string& database) { return Run(sql, database).status(); }

}  // namespace gigapi
