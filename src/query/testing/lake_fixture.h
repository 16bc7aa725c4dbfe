// A lake for tests: tables made by hand of Parquet files in a temporary folder and of buffered chunks, and an engine over
// it.
#pragma once

#include <arrow/scalar.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "query/query_engine.h"

namespace gigapi {

/// A row of the tables that tests use: tag host, float value, integer number (may be missing).
struct TestRow {
  int64_t time;
  std::optional<std::string> host;
  std::optional<double> value;
  std::optional<int64_t> number = std::nullopt;
};

/// A snapshot that tests change as the lake would: by putting a new one in its place.
class TestLake : public SnapshotSource {
 public:
  LakeSnapshotPtr Snapshot() override;
  void Set(LakeSnapshotPtr snapshot);
  /// Replaces one table.
  void Put(TableSnapshot table);

 private:
  std::mutex lock_;
  LakeSnapshotPtr snapshot_ = std::make_shared<const LakeSnapshot>();
};

/// tag host, float value, integer number
SchemaPtr TestSchema();
ColumnBatchPtr TestChunk(const std::vector<TestRow>& rows);
MemoryPartPtr TestPart(std::vector<ColumnBatchPtr> chunks);

class LakeFixture {
 public:
  explicit LakeFixture(QueryOptions options = {});
  ~LakeFixture();

  /// What a file of tests may look like.
  enum class FileShape {
    kPlain,
    kWithoutNumber,  // from before the column `number`
    kIntegerValue,   // from when `value` was an integer
    kUtcTime,        // time marked as adjusted to UTC
  };
  DataFilePtr WriteFile(const std::vector<TestRow>& rows, FileShape shape = FileShape::kPlain);
  /// A file that is known to the catalog and not there: whoever opens it fails.
  DataFilePtr MissingFile(int64_t min_time, int64_t max_time, int64_t rows);
  void AddFile(const std::string& database, const std::string& table, const std::vector<TestRow>& rows);
  /// A file in a store that is read through a cache, where nothing of it lies yet.
  void AddStoredFile(const std::string& database, const std::string& table, const std::vector<TestRow>& rows);
  void AddBuffered(const std::string& database, const std::string& table, const std::vector<TestRow>& rows);

  /// A new engine, which remembers nothing.
  void Restart();

  TestLake& lake() { return lake_; }
  QueryEngine& engine() { return *engine_; }
  const std::string& directory() const { return directory_; }

  using Parameters = std::vector<std::shared_ptr<arrow::Scalar>>;
  Result<std::shared_ptr<arrow::Table>> Run(const std::string& sql, const std::string& database = "db",
                                            const Parameters& parameters = {});
  /// The rows as text: values divided by '|', rows ended by a newline; the error's text when it fails.
  std::string Query(const std::string& sql, const std::string& database = "db", const Parameters& parameters = {});
  /// The status of a query that should fail.
  Status Fails(const std::string& sql, const std::string& database = "db");

 private:
  TableSnapshot Table(const std::string& database, const std::string& table);
  void AddToTable(const std::string& database, const std::string& table, DataFilePtr file);

  std::string directory_;
  LayerPtr layer_;
  LayerPtr store_layer_;
  const QueryOptions options_;
  TestLake lake_;
  std::unique_ptr<QueryEngine> engine_;
};

}  // namespace gigapi
