// Which files and columns the tables of a lake have: the one truth about it, beside the write-ahead logs of its writers.
//
// A partition's files are replaced as a whole, in one step. In a catalog that several processes share, a commit succeeds
// only if the partition is still as the committer knew it; after a kConflict it reads the partition again (GetPartition),
// makes its change anew and tries again. Paths are those of storage/hive_path.h.
//
// Thread-safe for different partitions; the lake serialises its own commits of one partition. Failures are those of
// object_store/object_store.h: after any but kConflict and kInvalidArgument a commit may have happened.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "catalog/catalog_key.h"
#include "catalog/drop_list.h"
#include "catalog/drop_record.h"
#include "catalog/partition_metadata.h"

namespace gigapi {

struct LoadedPartition {
  PartitionKey key;
  PartitionMetadata metadata;
  /// What a commit compares with; empty: there is nothing yet, or the catalog is not shared.
  std::string version = {};
  /// Names of files that a crash left in the folder, and of replaced ones.
  std::vector<std::string> leftovers = {};
  /// False: nothing says which files the hour has.
  bool has_metadata = true;
};

struct LoadedTable {
  std::string database;
  std::string table;
  SchemaPtr schema;
  std::vector<LoadedPartition> partitions;
};

/// What a drop that a crash cut short has left in a table's folder, as it seems.
struct DroppedRemains {
  std::string table_path;
  uint64_t dropped_up_to = 0;            // rows of records of this process's log up to here are gone
  std::vector<PartitionKey> partitions;  // to be removed
  bool whole_table = false;              // nothing of it was written anew
};

struct CatalogContents {
  std::vector<std::string> databases;
  std::vector<LoadedTable> tables;
  std::vector<DroppedRemains> remains;
  std::vector<std::string> dropped_databases;  // names whose folder is still there
};

/// What there is of a shared catalog: a database, a table or a partition, and which version of it.
struct CatalogEntry {
  CatalogKey key;
  std::string version = {};  // empty: the store's lists do not tell
};

class Catalog {
 public:
  virtual ~Catalog() = default;

  /// Whether others may commit too.
  virtual bool is_shared() const = 0;

  /// Reads all of it, without what was dropped.
  virtual Result<CatalogContents> Load(const DropList& drops) = 0;
  /// What all of it is, without reading it. Of a shared catalog alone: kUnsupported for others. May be given up: kCancelled.
  virtual Result<std::vector<CatalogEntry>> List(const std::function<bool()>& is_cancelled) {
    return Error(ErrorKind::kUnsupported, "a catalog of one process alone has no versions");
  }
  /// Makes a later Load cheaper, if much has changed since the last time; asks the store for a list at least. Nothing but
  /// that depends on it. May be given up: kCancelled.
  virtual Status WriteCheckpoint(const std::function<bool()>& is_cancelled) { return Status::OK(); }
  /// A partition as it is now; one that is not there has no files and no version.
  virtual Result<LoadedPartition> GetPartition(const std::string& table_path, PartitionKey key) = 0;

  virtual Result<bool> HasDatabase(const std::string& database) = 0;
  /// The columns of a table; nullptr when there is none.
  virtual Result<SchemaPtr> GetTable(const std::string& table_path) = 0;

  /// Removes what a crash left over. Only before the first commit, and only of a catalog that is not shared.
  virtual Status RemoveLeftovers(const CatalogContents& contents) = 0;

  virtual Status CreateDatabase(std::string_view database) = 0;
  /// Adds the columns that the table does not have yet; answers those that it has now, in their order, which others may have
  /// changed too. kConflict when a column has another type there.
  virtual Result<SchemaPtr> CommitTable(const std::string& table_path, std::string_view table,
                                        const TableSchema& schema) = 0;
  /// Answers the partition's new version. kConflict when it is no longer of `version`.
  virtual Result<std::string> CommitPartition(const std::string& partition_path, const PartitionMetadata& metadata,
                                              const std::string& version) = 0;

  /// Keeps which rows of a table are gone before it is taken out of a catalog that is shared; others need no such record.
  virtual Status RecordDrop(const DropRecord& record) { return Status::OK(); }
  /// What those records say of a node's log.
  virtual Result<DropList> DropsOf(const std::string& node) { return DropList(); }
  /// Takes a partition, a table, or of a shared catalog a database, out of the catalog; its files are the caller's business.
  /// Not synced: while the list of drops has it, nothing comes back.
  virtual Status RemoveMetadata(const std::string& path) = 0;
  /// Makes the removal of files from a folder that stays survive a crash.
  virtual Status SyncRemovals(const std::string& path) = 0;
  /// Removes those of the folders that are empty, and those above them up to `top` (a path; empty: the root), which stays;
  /// syncs what stays.
  virtual Status RemoveEmptyDirectories(const std::vector<std::string>& paths, const std::string& top) = 0;
};

}  // namespace gigapi
