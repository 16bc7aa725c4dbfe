#include "catalog/catalog_key.h"

#include "base/path.h"
#include "model/names.h"
#include "storage/hive_path.h"

namespace gigapi {
namespace {

constexpr char kMetadataName[] = "metadata.json";

}  // namespace

std::optional<CatalogKey> ParseCatalogKey(const std::string& key) {
  const size_t database_end = key.find('/');
  if (database_end == std::string::npos || NameOf(key) != kMetadataName) return std::nullopt;
  CatalogKey parsed{.database = key.substr(0, database_end)};
  if (!ValidateDatabaseName(parsed.database).ok()) return std::nullopt;
  std::string rest = ParentOf(key);
  if (rest.size() == database_end) return parsed;
  rest.erase(0, database_end + 1);
  const size_t table_end = rest.find('/');
  const auto table = UnescapePathSegment(rest.substr(0, table_end));
  if (!table || !ValidateTableName(*table).ok()) return std::nullopt;
  parsed.table = *table;
  if (table_end == std::string::npos) return parsed;
  PartitionKey partition;
  if (!ParseHivePath(rest.substr(table_end + 1), &partition)) return std::nullopt;
  parsed.partition = partition;
  return parsed;
}

std::string MetadataKey(const std::string& path) { return path + '/' + kMetadataName; }

}  // namespace gigapi
