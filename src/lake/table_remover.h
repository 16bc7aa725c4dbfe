// Removes dropped tables from the disk, after the drop itself: first what names their files, at once, then the files, each
// when no query reads it any more, then the folders. A table of the same name may be written meanwhile, in the same folders:
// nothing of it is committed before the old one is out of the catalog.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.h"
#include "lake/admission.h"
#include "lake/lake_state.h"

namespace gigapi {

/// Thread-safe.
class TableRemover {
 public:
  TableRemover(Catalog* catalog, LakeState* state, Admission* admission)
      : catalog_(catalog), state_(state), admission_(admission) {}

  /// Takes all dropped tables and databases out of the catalog. Must not be called with a lock of a partition held.
  Status RemoveFromCatalog();
  /// Of the tables that another node takes out of the catalog: waits for commits that are under way, and lets go of rows.
  void LeaveCatalogToOthers();
  /// It has taken the table out, or all of the database (empty table): the files that this node knows are to go.
  void BeginToRemoveFiles(std::string_view database, std::string_view table);
  /// Removes some of what can be removed now. Answers whether there may be more.
  bool RemoveFiles();

 private:
  std::vector<std::shared_ptr<Table>> InCatalog(RemovedBy removed_by);
  using RemovePath = std::function<Status(const std::string& path)>;
  Status Record(const Table& table);
  Status LetGo(Table* table, const RemovePath& remove);
  Status LetGoOf(Partition* partition, const RemovePath& remove);
  enum class Left {
    kNothing,
    kWhatIsRead,
    kMore
  };
  Left RemoveSomeFilesOf(Table* table);
  Status RemoveDirectories(const Table& table);
  Status RemoveDatabasesFromCatalog();
  void RemoveDatabaseDirectories();

  Catalog* const catalog_;
  LakeState* const state_;
  Admission* const admission_;
  std::mutex mutex_;  // one at a time
};

}  // namespace gigapi
