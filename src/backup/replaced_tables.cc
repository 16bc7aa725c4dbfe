#include "backup/replaced_tables.h"

#include <mutex>
#include <vector>

#include "base/log.h"
#include "base/parallel.h"
#include "catalog/catalog_key.h"
#include "object_store/for_each_object.h"
#include "storage/hive_path.h"

namespace gigapi {
namespace {

/// They mostly wait for the store.
constexpr size_t kReadThreads = 16;

}  // namespace

Result<TableSequences> ReadTableSequences(ObjectStore* store, Catalog* catalog) {
  std::vector<CatalogKey> hours;
  ARROW_RETURN_NOT_OK(ForEachObject(store, "", [&](const ObjectInfo& object) {
    auto key = ParseCatalogKey(object.key);
    if (key && key->partition) hours.push_back(*std::move(key));
    return Status::OK();
  }));
  std::mutex mutex;  // for the tables
  TableSequences tables;
  ARROW_RETURN_NOT_OK(ForEachConcurrently(hours.size(), kReadThreads, "restore", [&](size_t i) -> Status {
    const auto& [database, table, hour] = hours[i];
    const auto loaded = catalog->GetPartition(TablePath(database, table), *hour);
    if (!loaded.ok()) {
      if (KindOf(loaded.status()) != ErrorKind::kInvalidArgument) return loaded.status();
      LOG_WARN("an hour that the backup takes the place of cannot be read: its rows may be found again", "reason=\"{}\"",
               loaded.status().message());
      return Status::OK();
    }
    const std::lock_guard lock(mutex);
    RaiseTo(loaded->metadata.wal_sequences, &tables[{database, table}]);
    return Status::OK();
  }));
  return tables;
}

DropRecords RecordsOfReplaced(const TableSequences& replaced, const DropRecords& earlier, const HourSequences& restored,
                              int64_t now_ns) {
  DropRecords records;
  const auto add = [&](const TableKey& table, const WalSequences& sequences) {
    const auto [found, is_new] = records.try_emplace(table);
    DropRecord& record = found->second;
    RaiseTo(sequences, &record.wal_sequences);
    if (!is_new) return;
    record.database = table.first;
    record.table = table.second;
    record.dropped_ns = now_ns;
    const auto hours = restored.find(table);
    if (hours != restored.end()) record.kept = hours->second;
  };
  for (const auto& [table, sequences] : replaced) add(table, sequences);
  for (const auto& [table, record] : earlier) {
    if (records.contains(table) || restored.contains(table)) add(table, record.wal_sequences);
  }
  return records;
}

}  // namespace gigapi
