// The lake: databases of tables, each with rows in memory and in files. Takes writes, keeps them (WAL), hands out
// snapshots, flushes memory to Parquet, commits files, recovers after a crash.
//
// Thread-safe. Callbacks run on the WAL's thread (or on the caller's, when the answer is known at once) and must be short.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/file_system.h"
#include "catalog/catalog_key.h"
#include "catalog/drop_record.h"
#include "catalog/partition_metadata.h"
#include "cluster/membership.h"
#include "lake/buffered_rows.h"
#include "lake/snapshot.h"
#include "model/write_batch.h"
#include "object_store/change_feed.h"

namespace gigapi {

/// What the other nodes that may hold rows have to do when this one drops a table, or a database (empty table). Each answers
/// kUnavailable and names the node when one cannot be reached.
struct DropElsewhere {
  /// They drop their rows of it that no file has. Answers up to where in the log of each.
  std::function<Result<WalSequences>(const std::string& database, const std::string& table)> drop_rows;
  /// The catalog does not have it any more: they look.
  std::function<Status(const std::string& database, const std::string& table)> look_again;
};

/// What an acknowledged write is promised.
enum class Durability {
  kNone,   // nothing: in memory
  kOs,     // handed to the operating system: survives kill -9, not a power cut
  kFsync,  // on disk
  kFlush,  // in a committed Parquet file
};

struct LakeOptions {
  /// A local folder: of the write-ahead log and of what else this process keeps for itself, under .gigapi/.
  std::string root;
  /// Set by Open: the name of this root's log, under which files and a shared catalog keep how far it has come.
  std::string node = {};
  /// Set by Open: whether the root has had a log before, of which files may tell.
  bool has_run_before = false;
  /// Where files may lie; new ones go to the first. None: one layer, which is the root.
  std::vector<LayerPtr> layers = {};
  /// Where the catalog lies that nodes share (catalog/store_catalog.h). None: this process alone has the lake; the catalog
  /// then lies in the first layer, which must be a folder of a local disk.
  std::shared_ptr<ObjectStore> shared_catalog = nullptr;
  /// What other nodes change in it. None: the bucket itself has journals of that.
  std::shared_ptr<ChangeFeed> catalog_feed = nullptr;
  /// How often this node writes the shared catalog's checkpoint anew (catalog/catalog_checkpoint.h), if it has changed
  /// enough. 0: never.
  int64_t checkpoint_interval_ms = 0;
  /// The nodes that share the catalog. None: what this node does alone decides, as in tests of one.
  std::shared_ptr<Membership> membership = nullptr;
  DropElsewhere drop_elsewhere = {};  // both empty: there are no others
  /// Other nodes' local layers; empty: their files there are left out.
  FindPeerLayer find_peer_layer = {};
  /// False: every write is refused (kForbidden).
  bool accepts_writes = true;
  /// Whether what nodes that are gone have replaced in a shared catalog's layers is removed here.
  bool removes_replaced_files = true;
  Durability durability = Durability::kFsync;
  int64_t flush_interval_ms = 10'000;        // a partition's oldest buffered row waits at most this long
  int64_t flush_partition_bytes = 64 << 20;  // or until the partition has this much
  int64_t buffer_bytes_max = 160 << 20;      // rows in memory, all partitions; above it writes wait
  int64_t buffer_wait_ms_max = 5'000;        // and after so long are refused (kOverloaded)
  int64_t wal_segment_bytes = 64 << 20;
  int64_t wal_bytes_max = 1 << 30;  // above it the partitions with the oldest records are flushed
  /// Opens what is there as it is, beside a server that may be running: no lock, no change, no write, no flush.
  bool read_only = false;
  /// Told now and then while the log is replayed; may be empty.
  std::function<void(uint64_t bytes_done, uint64_t bytes_total)> replay_progress;
  int64_t drop_delay_ms = 30'000;  // a replaced file stays this long
  int64_t tables_per_database_max = 10'000;
  int64_t columns_per_table_max = 1'000;
  int64_t databases_max = 1'000;
};

struct LakeMetrics {
  int64_t rows_written_total = 0;
  int64_t wal_bytes_total = 0;  // appended
  int64_t wal_syncs_total = 0;
  int64_t wal_disk_bytes = 0;
  bool wal_failed = false;  // no write is accepted until restart
  int64_t buffered_rows = 0;
  int64_t buffered_bytes = 0;
  int64_t flushes_total = 0;
  int64_t flush_failures_total = 0;
  int64_t flushed_rows_total = 0;
  int64_t flushed_bytes_total = 0;  // of Parquet
  int64_t files = 0;
  int64_t tables = 0;
  int64_t drop_queue_files = 0;
  /// By the name of their layer: of replaced files that still lie there, as far as their sizes are known.
  std::map<std::string, int64_t, std::less<>> drop_queue_bytes = {};
};

/// The files of one partition at one instant: what a merge planner looks at.
struct PartitionFiles {
  std::string database;
  std::string table;
  SchemaPtr schema;
  PartitionKey partition;
  std::string path;  // what keys of its files begin with, without the slash
  std::vector<DataFilePtr> files;

  CatalogKey Key() const { return {.database = database, .table = table, .partition = partition}; }
};

/// A partition that a node works on.
struct LeasedPartition {
  std::string database;
  std::string table;
  PartitionKey partition;
  MaintenanceLease lease;
};

/// Files that lie in the layers and that a partition's entry in a shared catalog lacks.
struct FoundFiles {
  std::vector<DataFilePtr> listed;  // what the entry had when they were looked for
  std::vector<DataFilePtr> added;
  std::vector<DataFilePtr> replaced;  // of those that are listed: are gone, and what is added has their rows
  WalSequences sequences;             // how far nodes' logs are in all of them
  uint64_t dropped_up_to = 0;         // as Lake::DroppedUpTo said before
};

class Lake : public SnapshotSource {
 public:
  /// Opens or creates a lake: reads the catalog, replays the WAL, removes what a crash left over. `fs` must outlive it.
  static Result<std::unique_ptr<Lake>> Open(LakeOptions options, FileSystem* fs);

  /// Flushes and closes; no other call may be running or follow.
  virtual Status Close() = 0;

  /// Makes an empty database; nothing happens when it exists.
  virtual Status CreateDatabase(std::string_view database) = 0;

  /// Removes a table, or a database with its tables, and all its rows: once this returns OK no query sees them, and nothing
  /// brings them back, neither a crash nor writes that were under way. kNotFound when there is none. Queries that run see
  /// the rows to their end; files go when the last of them has ended. Blocks for some disk accesses; writes wait meanwhile.
  virtual Status DropTable(std::string_view database, std::string_view table) = 0;
  virtual Status DropDatabase(std::string_view database) = 0;

  /// Another node drops the table, or the database (empty table): this one's rows of it go for good, in memory and in the
  /// log. Its files and the catalog are the other one's business. Answers how far they are gone in the log; 0: it has none.
  virtual Result<uint64_t> DropRows(std::string_view database, std::string_view table) = 0;
  /// Another node has taken it out of the catalog: takes that over now.
  virtual Status LookAgain(std::string_view database, std::string_view table) = 0;

  /// What parsers of writes to this database look at; the database need not exist.
  virtual std::shared_ptr<const SchemaSource> Schemas(std::string_view database) = 0;

  /// This node's name in a catalog that nodes share; empty where it has its lake alone.
  virtual const std::string& node() const = 0;

  /// OK, or why every write is refused until the server is restarted. Cheap.
  virtual Status CheckHealth() const = 0;

  using WriteDone = std::function<void(Status)>;
  /// Keeps the rows and makes them visible, then calls `done`. A database or table that does not exist is created.
  /// kConflict: another write has changed a schema meanwhile and the rows no longer fit: parse again with the new one.
  virtual void Write(std::string_view database, WriteBatch batch, WriteDone done) = 0;

  /// Flushes all that is buffered now, and waits for it.
  virtual Status FlushAll() = 0;

  /// What this node has of a table and no file has, for other nodes that share the catalog.
  virtual std::vector<BufferedPartition> ListBuffered(std::string_view database, std::string_view table) = 0;
  /// The table with what other nodes have of it besides, each row once: reads in the catalog what those nodes have flushed
  /// and this one has not heard of. nullptr when there is no such table. Blocks.
  virtual Result<TableSnapshotPtr> SnapshotWith(std::string_view database, std::string_view table,
                                                const std::vector<BufferedRows>& others) = 0;
  /// How long ago this node has last been sure to know all of the catalog, but for the last seconds. 0: nobody else changes
  /// it.
  virtual int64_t CatalogLagNs() const = 0;

  /// Knows all of the catalog as it is now, also what other nodes have changed and not told yet. Blocks.
  virtual Status CatchUp() = 0;

  virtual std::vector<PartitionFiles> ListPartitions() = 0;
  /// Makes this node the one that may replace files of the partition, until it has done so or gives it back. kConflict:
  /// another node that is alive works there. At once, and OK, where nodes share nothing.
  virtual Status LeasePartition(const PartitionFiles& partition) = 0;
  virtual Status ReturnPartition(const PartitionFiles& partition) = 0;
  virtual std::vector<LeasedPartition> ListLeases() = 0;
  /// Replaces `inputs` (all of one partition) by other files, which are written already, in one step for the catalog and
  /// for new snapshots. The inputs are removed when no query reads them any more. Gives the lease of the partition back.
  /// Fails with kConflict when an input is no longer in the partition, or the lease is no longer this node's: then the other
  /// files are given up.
  virtual Status ReplaceFiles(const PartitionFiles& partition, const std::vector<DataFilePtr>& inputs,
                              std::vector<DataFile> outputs) = 0;
  /// A file that was, or may have been, written and is not to be in the partition after all: it is removed, unless the
  /// catalog names it. Only its layer and its key are looked at.
  virtual void GiveUpFile(const PartitionFiles& partition, DataFile file) = 0;

  /// Partitions, found since the last call, whose entry in a shared catalog lacks or may lack files with rows of this node:
  /// the catalog has fallen back to an older state, as a Redis may that is restarted or replaced. None where no rows are
  /// taken. maintenance/heal_service.h brings the files back.
  virtual std::vector<CatalogKey> TakeFallenBack() = 0;
  /// That was made good for the partition, or is given up: its rows may be flushed.
  virtual void EndHealing(const CatalogKey& partition) = 0;
  /// How often the catalog as a whole has been found to have fallen back, if the last time was not made good since, before
  /// or after a restart; else 0. Then any partition may lack files, also such as this node has never heard of.
  virtual uint64_t FallsOfCatalog() = 0;
  /// The first so many times were made good.
  virtual void MadeGood(uint64_t falls) = 0;
  /// Of this node's log: rows of the partition's table up to here were dropped a short while ago; 0: none.
  virtual uint64_t DroppedUpTo(const CatalogKey& partition) = 0;
  /// Makes sure that the catalog has the table and these columns, whatever this node takes it to have. kConflict when the
  /// table is dropped here, or has one of another type.
  virtual Status AddColumns(const std::string& database, const std::string& table, const SchemaPtr& columns) = 0;
  /// Adds files to a partition and raises what is known of nodes' logs. kConflict when it has other files by now, or was
  /// dropped.
  virtual Status AddFiles(const CatalogKey& partition, const FoundFiles& found) = 0;

  virtual LakeMetrics metrics() const = 0;
};

/// Empties the log of a root whose lake was closed in order, so that all its rows are in files: were these to leave the
/// catalog, they would come back from there. Sequences go on.
Status ForgetLog(const std::string& root, FileSystem* fs);

}  // namespace gigapi
