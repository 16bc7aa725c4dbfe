// What a query sees: the files and the buffered rows of every table at one instant. Immutable, cheap to take and to hold.
// While a snapshot lives, none of its files is deleted.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "buffer/memory_part.h"
#include "lake/file_list.h"
#include "model/schema.h"

namespace gigapi {

struct TableSnapshot {
  std::string database;
  std::string table;
  SchemaPtr schema;
  FileList files;                     // by partition, then by min_time
  std::vector<MemoryPartPtr> memory;  // by partition
};

using TableSnapshotPtr = std::shared_ptr<const TableSnapshot>;

struct LakeSnapshot {
  /// database -> table -> what it holds. Names compare exactly; a database without tables is there with an empty map.
  std::map<std::string, std::map<std::string, TableSnapshotPtr>> databases;
};

using LakeSnapshotPtr = std::shared_ptr<const LakeSnapshot>;

/// A table with all that is known of it anywhere, but for what nodes that did not answer have.
struct WholeTable {
  TableSnapshotPtr table;  // nullptr: there is none
  std::vector<std::string> missing_nodes = {};
};

/// Where queries get their snapshots. Thread-safe. The lake implements it, and peers/ for lakes of several nodes; tests of
/// query/ make their own.
class SnapshotSource {
 public:
  virtual ~SnapshotSource() = default;
  virtual LakeSnapshotPtr Snapshot() = 0;
  /// A query names a table. `known` is what the snapshot has of it, nullptr when nothing. May block, for a bounded time.
  virtual Result<WholeTable> Complete(const std::string& database, const std::string& table, TableSnapshotPtr known) {
    return WholeTable{.table = std::move(known)};
  }
  /// A query names a database that no snapshot has: looks whether another node has made it. May block.
  virtual void Discover(const std::string& database) {}
};

}  // namespace gigapi
