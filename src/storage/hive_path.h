// Where things lie, in a layer and in the catalog:
//   <db>/<table>/date=YYYY-MM-DD/hour=HH/<uuid>.<level>.parquet
// Table names are percent-escaped where a file system or a reader of hive paths could stumble (docs/lake_layout.md).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/partition.h"

namespace gigapi {

/// A name as a folder: letters, digits, '_', '-', '.', and bytes of UTF-8 sequences stay, except a '.' at the start; any
/// other byte becomes %XX. Distinct names give distinct folders.
std::string EscapePathSegment(std::string_view name);
/// The name that was escaped; nullopt for a text that EscapePathSegment does not make.
std::optional<std::string> UnescapePathSegment(std::string_view segment);

/// Relative paths without slashes at their ends.
std::string DatabasePath(std::string_view database);
std::string TablePath(std::string_view database, std::string_view table);
std::string PartitionPath(std::string_view table_path, PartitionKey partition);

/// "<uuid>.<level>.parquet"
std::string ParquetFileName(std::string_view uuid, int level);
/// The level in a file's name, 1 to 4; nullopt for other names.
std::optional<int> LevelOfFileName(std::string_view name);

}  // namespace gigapi
