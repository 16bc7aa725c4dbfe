// A lake in memory for tests of the server: keeps what is written, answers at once or when the test says so.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "lake/lake.h"

namespace gigapi {

/// Thread-safe.
class FakeLake final : public Lake {
 public:
  Status Close() override { return Status::OK(); }
  Status CreateDatabase(std::string_view database) override;
  Status DropTable(std::string_view database, std::string_view table) override;
  Status DropDatabase(std::string_view database) override;
  std::shared_ptr<const SchemaSource> Schemas(std::string_view database) override;
  const std::string& node() const override { return node_; }
  Status CheckHealth() const override;
  void Write(std::string_view database, WriteBatch batch, WriteDone done) override;
  Status FlushAll() override { return Status::OK(); }
  std::vector<PartitionFiles> ListPartitions() override { return {}; }
  std::vector<BufferedPartition> ListBuffered(std::string_view, std::string_view) override { return {}; }
  Result<TableSnapshotPtr> SnapshotWith(std::string_view, std::string_view, const std::vector<BufferedRows>&) override {
    return nullptr;
  }
  std::vector<LeasedPartition> ListLeases() override { return {}; }
  int64_t CatalogLagNs() const override { return 0; }
  Status CatchUp() override { return Status::OK(); }
  Result<uint64_t> DropRows(std::string_view, std::string_view) override { return 0; }
  Status LookAgain(std::string_view, std::string_view) override { return Status::OK(); }
  Status LeasePartition(const PartitionFiles&) override { return Status::OK(); }
  Status ReturnPartition(const PartitionFiles&) override { return Status::OK(); }
  Status ReplaceFiles(const PartitionFiles&, const std::vector<DataFilePtr>&, std::vector<DataFile>) override {
    return Status::OK();
  }
  void GiveUpFile(const PartitionFiles&, DataFile) override {}
  std::vector<CatalogKey> TakeFallenBack() override { return {}; }
  void EndHealing(const CatalogKey&) override {}
  uint64_t FallsOfCatalog() override { return 0; }
  void MadeGood(uint64_t) override {}
  uint64_t DroppedUpTo(const CatalogKey&) override { return 0; }
  Status AddColumns(const std::string&, const std::string&, const SchemaPtr&) override { return Status::OK(); }
  Status AddFiles(const CatalogKey&, const FoundFiles&) override { return Status::OK(); }
  LakeMetrics metrics() const override;
  LakeSnapshotPtr Snapshot() override;

  /// Rows kept so far, by database and table.
  int64_t rows(const std::string& database, const std::string& table) const;
  /// The batch written last.
  WriteBatch TakeLastBatch();

  /// The next writes fail with these, first to last.
  void FailNext(Status status);
  /// Every write is refused with this from now on.
  void Break(Status status);
  /// Writes are kept but not answered until Release.
  void Hold();
  void Release();
  int64_t held() const;

  /// What parsers are told that a table has.
  void SetSchema(const std::string& table, SchemaPtr schema);

 private:
  struct Schemata;

  const std::string node_;
  mutable std::mutex mutex_;
  std::map<std::string, std::map<std::string, int64_t>> rows_;
  std::map<std::string, SchemaPtr> schemas_;
  WriteBatch last_;
  std::vector<Status> failures_;
  Status broken_;
  bool holding_ = false;
  std::vector<WriteDone> held_;
};

}  // namespace gigapi
