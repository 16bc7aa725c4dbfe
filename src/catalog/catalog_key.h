// What a key of the store that a shared catalog lies in stands for (store_catalog.h). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/partition.h"

namespace gigapi {

struct CatalogKey {
  std::string database;
  std::string table = {};                      // empty: of the database
  std::optional<PartitionKey> partition = {};  // none: of the table
};

/// Where nodes tell each other what they have changed, in a store without a feed of its own (object_store/journal_feed.h).
inline constexpr std::string_view kJournalPrefix = ".gigapi/journal/";

/// nullopt: not the catalog's.
std::optional<CatalogKey> ParseCatalogKey(const std::string& key);

/// The key of the metadata of a database, a table or a partition, by its path (storage/hive_path.h).
std::string MetadataKey(const std::string& path);

}  // namespace gigapi
