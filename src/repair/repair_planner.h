// Compares what a lake's layers hold with what its catalog says, and decides what to write. Pure: no store, no clock.
//
// What is never done: change metadata that can be read, but to add files whose rows no listed file has (add_unlisted) or to
// take names of files out that are gone (forget_missing), or that files that are added were merged from (add_unlisted);
// touch metadata that cannot be read; remove a file that is listed or whose rows are nowhere else.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "catalog/drop_list.h"
#include "repair/lake_inventory.h"

namespace gigapi {

struct RepairOptions {
  /// Of this machine's log: under this name files and a shared catalog keep how far it has come. Empty: it has none.
  std::string node = {};
  bool is_shared = false;  // the catalog
  DropList drops = {};     // of this machine's log
  bool add_unlisted = false;
  /// Of hours and files that are unlisted, only those that have rows of this machine's log: of others it does not know what
  /// was dropped.
  bool own_rows_only = false;
  bool forget_missing = false;
};

enum class OrphanKind {
  kReplaced,  // its rows are in listed files
  kDropped,   // waits for its removal
  kOfDroppedTable,
  kUnlisted,     // its rows are in no listed file, as far as these tell
  kConflicting,  // some are
  kUnknown,      // it does not tell, as files of earlier versions do not
  kUnreadable,   // no data file of this lake
};
std::string_view ToString(OrphanKind kind);

/// A file that the catalog does not name, nor will after the repair.
struct Orphan {
  LayerPtr layer;
  std::string key;
  int64_t size_bytes = 0;
  int64_t rows = 0;  // 0: not known
  int64_t modified_ns = 0;
  OrphanKind kind = OrphanKind::kUnknown;
  std::string problem = {};  // of kUnreadable
};

/// A file that the catalog names.
struct MissingFile {
  DataFilePtr file;
  std::optional<int64_t> found_bytes = {};  // it is there in another size
};

struct HourChange {
  std::string database;
  std::string table;
  PartitionKey partition;
  PartitionMetadata metadata;  // to be written
  std::string version = {};    // of what it takes the place of
  bool is_new = false;
  std::vector<DataFilePtr> added = {};
  /// Were listed, are gone, and what is added has their rows: of a merge or a move whose commit the catalog has lost.
  std::vector<DataFilePtr> replaced = {};
};

struct TableChange {
  std::string database;
  std::string table;
  SchemaPtr schema;
  bool is_new = false;
};

struct RepairProblem {
  std::string path;  // of the metadata
  std::string text;
};

struct RepairPlan {
  std::vector<std::string> databases;  // that get lost metadata back
  std::vector<TableChange> tables;
  std::vector<HourChange> hours;
  std::vector<MissingFile> missing;
  std::vector<Orphan> orphans;
  std::vector<RepairProblem> problems;
  int64_t listed_files = 0;  // that the catalog names and are there
  int64_t listed_rows = 0;
  /// Of what is added, files whose footers do not say which rows they have: those of earlier versions.
  int64_t guessed_files = 0;
};

RepairPlan MakeRepairPlan(const LakeInventory& inventory, const RepairOptions& options);

}  // namespace gigapi
