// The lake's parts in one object. Writes go Admission -> schemas -> WAL -> Apply; the Flusher's thread does the rest.
#pragma once

#include <memory>
#include <string>

#include "catalog/catalog.h"
#include "lake/admission.h"
#include "lake/catalog_follower.h"
#include "lake/catalog_position.h"
#include "lake/checkpoint_keeper.h"
#include "lake/column_committer.h"
#include "lake/drop_log.h"
#include "lake/flusher.h"
#include "lake/lake.h"
#include "lake/lake_state.h"
#include "lake/partition_committer.h"
#include "lake/table_remover.h"
#include "lake/write_gate.h"
#include "wal/wal_writer.h"

namespace gigapi {

/// What a process keeps others away from, unless it only reads.
struct LakeLocks {
  std::unique_ptr<FileLock> root;
  std::unique_ptr<FileLock> catalog;  // nullptr: it lies in the root, or nodes share it
};

class LakeImpl final : public Lake {
 public:
  /// `node` is this process's name in a shared catalog.
  LakeImpl(LakeOptions options, std::string node, std::unique_ptr<Catalog> catalog, LakeLocks locks, FileSystem* fs);
  ~LakeImpl() override;

  /// Reads the catalog and the log; what Lake::Open does.
  Status Recover();

  Status Close() override;
  Status CreateDatabase(std::string_view database) override;
  Status DropTable(std::string_view database, std::string_view table) override;
  Status DropDatabase(std::string_view database) override;
  Result<uint64_t> DropRows(std::string_view database, std::string_view table) override;
  Status LookAgain(std::string_view database, std::string_view table) override;
  std::shared_ptr<const SchemaSource> Schemas(std::string_view database) override;
  const std::string& node() const override { return committer_.node(); }
  Status CheckHealth() const override;
  void Write(std::string_view database, WriteBatch batch, WriteDone done) override;
  Status FlushAll() override;
  LakeSnapshotPtr Snapshot() override;
  std::vector<BufferedPartition> ListBuffered(std::string_view database, std::string_view table) override;
  Result<TableSnapshotPtr> SnapshotWith(std::string_view database, std::string_view table,
                                        const std::vector<BufferedRows>& others) override;
  int64_t CatalogLagNs() const override;
  Status CatchUp() override;
  void Discover(const std::string& database) override;
  std::vector<PartitionFiles> ListPartitions() override;
  Status LeasePartition(const PartitionFiles& partition) override;
  Status ReturnPartition(const PartitionFiles& partition) override;
  std::vector<LeasedPartition> ListLeases() override;
  Status ReplaceFiles(const PartitionFiles& partition, const std::vector<DataFilePtr>& inputs,
                      std::vector<DataFile> outputs) override;
  void GiveUpFile(const PartitionFiles& partition, DataFile file) override;
  std::vector<CatalogKey> TakeFallenBack() override;
  void EndHealing(const CatalogKey& partition) override;
  uint64_t FallsOfCatalog() override;
  void MadeGood(uint64_t falls) override;
  uint64_t DroppedUpTo(const CatalogKey& partition) override;
  Status AddColumns(const std::string& database, const std::string& table, const SchemaPtr& columns) override;
  Status AddFiles(const CatalogKey& partition, const FoundFiles& found) override;
  LakeMetrics metrics() const override;

 private:
  struct Prepared;
  class ClosedGate;
  void WriteAdmitted(std::shared_ptr<Prepared> prepared);
  void GiveUp(const Prepared& prepared, Status reason);
  void Committed(const std::shared_ptr<Prepared>& prepared, uint64_t sequence);
  Status FitAgain(Prepared* prepared);
  /// Puts the rows of a record into the buffers; returns the partitions touched. Wants the state's lock.
  Result<std::vector<Partition*>> Apply(std::string_view database, std::vector<TableRows> tables, uint64_t sequence,
                                        int64_t* buffered_bytes);

  // other_rows.cc
  Status CatchUpWith(const std::string& database, const std::string& table, const std::vector<BufferedRows>& others);
  Result<std::shared_ptr<Partition>> FindPartition(const CatalogKey& key);
  std::optional<MaintenanceLease> OwnLease() const;

  Status CheckWritable() const;
  Status CommitAtEndOfWork(Partition* partition, const PartitionCommitter::MakeEdit& make_edit);
  Status CheckExists(std::string_view database, std::string_view table);
  Status DropNow(std::string_view database, std::string_view table);
  Result<uint64_t> DropHere(std::string_view database, std::string_view table, const DropOrigin& origin);
  bool IsNeedless(const Drop& drop);
  int64_t DroppedFilesUntilNs() const;

  Status RecoverReadOnly();
  Status RecoverForWriting();
  Status RemoveLeftovers(const CatalogContents& contents);
  Status LoadCatalog(const CatalogContents& contents);
  void QueueAgain(const std::vector<DroppedName>& dropped, Partition* partition);
  Status Replay(std::string_view payload, uint64_t sequence);
  bool AreInFiles(std::string_view database, const TableRows& rows, uint64_t sequence);
  Status SetAside(std::string_view database, const std::vector<TableRows>& rows, uint64_t sequence);
  Status StartWal(wal::WalContents contents);

  const LakeOptions options_;
  FileSystem* const fs_;
  const LakeLocks locks_;
  const std::unique_ptr<Catalog> catalog_;
  LakeState state_;
  Admission admission_;
  WriteGate gate_;
  DropLog drops_;
  DropList drops_of_catalog_;  // of this node's log, when it was replayed
  TableRemover remover_;
  ColumnCommitter columns_;
  PartitionCommitter committer_;
  std::mutex
      request_mutex_;      // one drop or creation of a database that is asked for here at a time; taken before drop_mutex_
  std::mutex drop_mutex_;  // one change of the list of drops at a time; nobody asks other nodes under it: they ask this one
  std::unique_ptr<wal::WalWriter> wal_;
  std::unique_ptr<Flusher> flusher_;
  std::unique_ptr<CheckpointKeeper> checkpoints_;  // nullptr: this node writes none
  std::unique_ptr<CatalogPosition> position_;      // nullptr: the catalog does not fall back, or nobody brings files back
  std::unique_ptr<CatalogFollower> follower_;      // nullptr: nobody else changes the catalog
  std::atomic<int64_t> rows_written_{0};
  bool is_recovered_ = false;  // else the log may have rows that are not in memory
  bool closed_ = false;
};

}  // namespace gigapi
