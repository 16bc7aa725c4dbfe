// What the lake holds in memory: databases, tables, partitions with their buffered rows and their files. One lock guards
// all of it, so that a snapshot is one instant; nobody does I/O or sorts rows under it.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "buffer/partition_buffer.h"
#include "catalog/drop_record.h"
#include "catalog/partition_metadata.h"
#include "lake/buffered_rows.h"
#include "lake/snapshot.h"
#include "model/partition_split.h"
#include "model/schema.h"
#include "model/write_batch.h"
#include "storage/data_file.h"

namespace gigapi {

/// Calls back when the last of several partitions is flushed, or a flush of one of them failed.
struct FlushWaiter {
  std::atomic<int> partitions{0};
  std::function<void(Status)> done;
};

struct DroppedFile {
  DataFilePtr file;
  int64_t remove_after_ns = 0;  // steady clock
};

/// Who takes a dropped table out of the catalog.
enum class RemovedBy {
  kThisNode,
  kAnotherNode,  // which may fail to, or be refused by a third one: the files stay until it says that it has
};

struct DropOrigin {
  RemovedBy removed_by = RemovedBy::kThisNode;
  /// How far rows are gone in the logs of the nodes that were asked.
  WalSequences wal_sequences = {};
};

struct Table;

/// One hour of a table. `mutex` of LakeState guards all but the two mutexes and what never changes.
struct Partition {
  Partition(Table* owner, PartitionKey partition, std::string partition_path)
      : table(owner), key(partition), path(std::move(partition_path)), buffer(partition) {}

  Table* const table;
  const PartitionKey key;
  const std::string path;  // storage/hive_path.h

  PartitionBuffer buffer;
  std::vector<DataFilePtr> files;
  std::deque<DroppedFile> drop_queue;
  /// What was in the queue when the catalog turned out to have nothing of the hour: removed if the table is gone too.
  std::deque<DroppedFile> unsure_drops;
  /// How many names the drop queue in metadata.json has. When their files are gone it is written anew, unless another
  /// commit does so before `tidy_at_ns` (steady clock).
  size_t listed_drops = 0;
  int64_t tidy_at_ns = 0;
  std::vector<std::shared_ptr<FlushWaiter>> waiters;
  /// All rows of this node's records up to here are in files.
  uint64_t flushed_sequence = 0;
  /// The buffer has had every row of this node's later records since the partition was made; of earlier ones none.
  uint64_t buffered_after = 0;
  /// Files may turn up in the catalog that hold buffered rows of records up to here: of flushes whose answer was lost, or of
  /// an earlier run of this node.
  uint64_t unsure_sequence = 0;
  WalSequences wal_sequences;             // by node, as the catalog has them
  std::optional<MaintenanceLease> lease;  // as the catalog has it
  int64_t flush_retry_at_ns = 0;
  /// Until then (steady clock) nothing of it is flushed, unless asked for: files that the catalog does not name may have
  /// some of the buffered rows and others, and could not be named beside a new one that has the same.
  int64_t held_until_ns = 0;
  int64_t flush_failures = 0;
  int64_t flushed_at_ns = 0;  // steady clock; 0: not since the start
  bool is_busy = false;       // stands in LakeState's list
  bool is_fresh = false;      // stands in its table's list

  /// Has something that the flusher will have to look after.
  bool HasWork() const { return !buffer.empty() || !drop_queue.empty() || listed_drops > 0; }

  /// Held during a flush or a gathering of chunks: only the holder removes chunks. Taken before commit_mutex.
  std::mutex flush_mutex;
  /// Held while metadata.json is replaced. Taken before the lock of LakeState.
  std::mutex commit_mutex;
  // What follows is guarded by commit_mutex.
  std::string version;           // of the catalog's entry, as last seen
  bool is_in_doubt = false;      // the catalog may have another: a commit's answer was lost, or another node was faster
  bool has_fallen_back = false;  // the catalog lacks what it had, and no commit has been made upon that
  int lease_holders = 0;         // threads of this node that work under its lease; the last one gives it back
};

struct Table : std::enable_shared_from_this<Table> {
  std::string database;
  std::string name;
  std::string path;  // storage/hive_path.h
  SchemaPtr schema = std::make_shared<const TableSchema>();
  /// Columns that the table's metadata.json has; -1 when there is none.
  int64_t committed_columns = -1;
  std::map<PartitionKey, std::unique_ptr<Partition>> partitions;
  TableSnapshotPtr snapshot;  // nullptr when out of date
  /// Of some hours each, for snapshots; those that are out of date are not there.
  std::map<int64_t, FileList::Block> file_blocks;
  std::vector<Partition*> fresh;  // have rows in memory, or had some a short while ago
  /// No longer in the state; TableRemover holds it until its files are gone.
  bool dropped = false;
  std::atomic<bool> out_of_catalog{false};  // also of a table that another node takes out of it
  RemovedBy removed_by = RemovedBy::kThisNode;
  WalSequences dropped_up_to = {};    // of a dropped table: in the logs of the nodes that were asked
  int64_t remove_files_after_ns = 0;  // steady clock; of a dropped table

  static constexpr int64_t kNever = INT64_MAX;

  /// Held while the table's metadata.json is replaced. Taken before the lock of LakeState.
  std::mutex commit_mutex;
};

/// Adds a file where its rows begin.
void InsertByTime(DataFilePtr file, std::vector<DataFilePtr>* files);

/// Keeps the partition's table alive, also when it is dropped meanwhile.
inline std::shared_ptr<Partition> Pin(Partition* partition) { return {partition->table->shared_from_this(), partition}; }

/// Columns that a table is to get; or none, for a table that the catalog does not have yet.
struct TableGrowth {
  std::shared_ptr<Table> table;
  std::vector<ColumnSchema> columns;
};

struct LakeLimits {
  int64_t databases_max = INT64_MAX;
  int64_t tables_per_database_max = INT64_MAX;
  int64_t columns_per_table_max = INT64_MAX;
};

class LakeState {
 public:
  mutable std::mutex mutex;
  /// Held while folders are made or removed. Taken before `mutex`.
  std::mutex directories_mutex;
  /// Dropped tables and databases that this node still has to take out of the catalog.
  std::atomic<int> removals_pending{0};

  // ---- all of these want the lock held ----

  /// From now on nothing is made beyond these; what is there stays. There are none at first: recovery takes all.
  void SetLimits(LakeLimits limits) { limits_ = limits; }
  /// How long files of dropped tables stay for other nodes, whose queries are not known here. None at first.
  void SetDropDelay(int64_t delay_ns) { drop_delay_ns_ = delay_ns; }
  int64_t drop_delay_ns() const { return drop_delay_ns_; }

  Status EnsureDatabase(std::string_view database);
  Result<Table*> EnsureTable(std::string_view database, std::string_view table);
  Table* FindTable(std::string_view database, std::string_view table);
  Partition* EnsurePartition(Table* table, PartitionKey key);

  /// What the tables lack for these rows. Makes the tables, but no column. kConflict when a column has another type.
  Result<std::vector<TableGrowth>> PlanGrowth(std::string_view database, const std::vector<TableRows>& tables);
  /// Carries out what was planned for these rows: their columns are in the schemas then, integers widened where the table
  /// has a float.
  void Grow(const std::vector<TableGrowth>& growth, std::vector<TableRows>* tables);
  /// Both in one: makes the schemas of the tables hold the columns of the rows, widening integers where the table has a
  /// float. kConflict when a column has another type: nothing is changed then.
  Status FitSchemas(std::string_view database, std::vector<TableRows>* tables);

  /// Takes a table, or a database with its tables, out of the state and hands it to the removal. Returns who waits for its
  /// partitions, once for each.
  std::vector<std::shared_ptr<FlushWaiter>> DetachTable(std::string_view database, std::string_view table,
                                                        const DropOrigin& origin);
  std::vector<std::shared_ptr<FlushWaiter>> DetachDatabase(std::string_view database, const DropOrigin& origin);

  /// Whether this node has dropped a table of that name which the catalog may still have.
  bool IsBeingRemoved(std::string_view database, std::string_view table) const;
  /// Takes a table out of the state that another node has removed, unless rows for it wait here: those make it anew.
  void ForgetTable(std::string_view database, std::string_view table);
  /// The same of a database that has no table here.
  void ForgetDatabase(std::string_view database);

  /// The partition's entry in the catalog knows less of this node's log than before.
  void FellBack(Partition* partition) {
    if (keeps_fallen_back) fallen_back.insert(Pin(partition));
  }
  /// Until somebody takes them; none where nobody does.
  std::set<std::shared_ptr<Partition>> fallen_back;
  bool keeps_fallen_back = false;

  LakeSnapshotPtr Snapshot();
  /// Whoever changes the rows of a table in memory, or its columns, says so.
  void Changed(Table* table);
  /// Whoever changes a partition's files says so.
  void FilesChanged(Partition* partition);

  using Tables = std::map<std::string, std::shared_ptr<Table>>;
  const std::map<std::string, Tables, std::less<>>& databases() const { return databases_; }
  /// Whoever gives a partition work says so.
  void MarkBusy(Partition* partition);
  /// What other nodes need to know of this node's rows of the table (lake/buffered_rows.h).
  std::vector<BufferedPartition> BufferedOf(Table* table);
  /// Takes over the columns that the catalog has; those of the state that it lacks come after them, and are to be committed
  /// again: a store may fall back to an older state.
  void AdoptSchema(const SchemaPtr& schema, Table* table);
  /// Those that have work: few, when a lake has years of hours.
  template <typename Visit>
  void ForEachBusyPartition(Visit visit) {
    std::erase_if(busy_, [](Partition* partition) { return !(partition->is_busy = partition->HasWork()); });
    for (Partition* partition : busy_) visit(partition);
  }
  template <typename Visit>
  void ForEachPartition(Visit visit) {
    for (const auto& [database, tables] : databases_) {
      for (const auto& [name, table] : tables) {
        for (const auto& [key, partition] : table->partitions) visit(partition.get());
      }
    }
  }

  uint64_t applied_sequence = 0;
  /// Counts drops: rows that were checked against the schemas of another epoch have to be checked again.
  uint64_t drop_epoch = 0;
  /// Grows with each table that is forgotten: rows that were found to fit before may lack their table.
  uint64_t forget_epoch = 0;
  std::vector<std::shared_ptr<Table>> dropped_tables;
  std::vector<std::string> dropped_databases;
  std::vector<std::string> databases_in_catalog;  // of those that this node has dropped

 private:
  static TableSnapshotPtr MakeSnapshot(Table* table);
  static void ForgetStale(Table* table);
  void LeaveFilesToOthers(const std::shared_ptr<Table>& table);
  void Detach(std::shared_ptr<Table> table, const DropOrigin& origin, std::vector<std::shared_ptr<FlushWaiter>>* waiters);

  LakeLimits limits_;
  int64_t drop_delay_ns_ = 0;
  std::map<std::string, Tables, std::less<>> databases_;
  LakeSnapshotPtr snapshot_;
  std::vector<Partition*> busy_;
};

}  // namespace gigapi
