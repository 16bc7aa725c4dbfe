// What tests of a lake have in common: a lake on a disk that can fail, rows with an id, and the ids that a query would see.
#pragma once

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>

#include <condition_variable>
#include <cstring>
#include <set>

#include "base/testing/fault_file_system.h"
#include "lake/lake.h"
#include "storage/parquet_file.h"

namespace gigapi {

inline constexpr char kRoot[] = "/data";
using Ids = std::multiset<int64_t>;

inline LakeOptions Options(Durability durability = Durability::kFsync) {
  return {.root = kRoot,
          .durability = durability,
          .flush_interval_ms = 3'600'000,
          .wal_segment_bytes = 64 << 10,
          .drop_delay_ms = 0};
}

inline std::unique_ptr<Lake> Open(FileSystem* fs, LakeOptions options = Options()) {
  auto lake = Lake::Open(std::move(options), fs);
  EXPECT_TRUE(lake.ok()) << lake.status().ToString();
  return lake.ok() ? *std::move(lake) : nullptr;
}

/// Rows of table `table` with field id = the given numbers, spread over `hours` hours.
inline WriteBatch Rows(const std::string& table, const std::vector<int64_t>& ids, int hours = 1,
                       ColumnType type = ColumnType::kInt64) {
  WriteBatch batch;
  TableRows& rows = batch.tables.emplace_back();
  rows.table = table;
  Column tag{.name = "host", .type = ColumnType::kTag};
  tag.strings.Append("a");
  tag.strings.Append("b");
  Column id{.name = "id", .type = type};
  for (const int64_t value : ids) {
    rows.rows.time.PushBack(1'700'000'000'000'000'000 + (value % hours) * kNanosPerHour + value);
    tag.codes.PushBack(static_cast<uint32_t>(value % 2));
    const double real = static_cast<double>(value);
    uint64_t word = static_cast<uint64_t>(value);
    if (type == ColumnType::kFloat64) std::memcpy(&word, &real, sizeof(word));
    id.words.PushBack(word);
  }
  rows.rows.columns.push_back(std::move(tag));
  rows.rows.columns.push_back(std::move(id));
  rows.rows.ComputeTimeRange();
  batch.accepted_rows = static_cast<int64_t>(ids.size());
  return batch;
}

inline Status WriteAndWait(Lake* lake, WriteBatch batch, const std::string& database = "db") {
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<Status> answer;
  lake->Write(database, std::move(batch), [&](Status status) {
    const std::lock_guard lock(mutex);
    answer = std::move(status);
    changed.notify_all();
  });
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return answer.has_value(); });
  return *answer;
}

inline std::string PathOf(const DataFile& file) { return *file.layer->local_directory() + "/" + file.key; }

inline void AddIdsOf(const std::shared_ptr<ReadableFile>& file, int64_t rows, Ids* ids) {
  std::string content(file->size(), '\0');
  ASSERT_EQ(*file->ReadAt(0, content.size(), content.data()), content.size());
  auto source = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(std::move(content)));
  auto reader = *parquet::arrow::OpenFile(source, arrow::default_memory_pool());
  const auto table = *reader->ReadTable();
  EXPECT_EQ(table->num_rows(), rows);
  const auto column = table->GetColumnByName("id");
  for (const auto& chunk : column->chunks()) {
    const auto& values = static_cast<const arrow::Int64Array&>(*chunk);
    for (int64_t i = 0; i < values.length(); ++i) ids->insert(values.Value(i));
  }
}

/// Looks at the disk as it is, whatever the file's layer thinks.
inline void AddFileIds(FileSystem* fs, const DataFile& file, Ids* ids) {
  AddIdsOf(*fs->OpenForRead(PathOf(file)), file.rows, ids);
}

inline void AddBufferedIds(const TableSnapshot& table, Ids* ids) {
  for (const MemoryPartPtr& part : table.memory) {
    for (const ColumnBatchPtr& chunk : part->chunks) {
      const Column* column = chunk->Find("id");
      for (size_t i = 0; i < chunk->rows(); ++i) ids->insert(column->i64()[i]);
    }
  }
}

/// The ids of table t in database db that a query of this node would see, wherever its files lie.
inline Ids VisibleTo(Lake* lake) {
  Ids ids;
  const auto snapshot = lake->Snapshot();
  const auto database = snapshot->databases.find("db");
  if (database == snapshot->databases.end() || !database->second.contains("t")) return ids;
  const TableSnapshot& table = *database->second.at("t");
  AddBufferedIds(table, &ids);
  for (const DataFilePtr& file : table.files) AddIdsOf(*OpenDataFile(*file), file->rows, &ids);
  return ids;
}

/// Every id that a query would see.
inline Ids Visible(Lake* lake, FileSystem* fs, const std::string& table = "t") {
  Ids ids;
  const LakeSnapshotPtr snapshot = lake->Snapshot();
  const auto database = snapshot->databases.find("db");
  if (database == snapshot->databases.end() || !database->second.contains(table)) return ids;
  const TableSnapshot& rows = *database->second.at(table);
  AddBufferedIds(rows, &ids);
  for (const DataFilePtr& file : rows.files) AddFileIds(fs, *file, &ids);
  return ids;
}

}  // namespace gigapi
