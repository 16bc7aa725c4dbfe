// Which names databases, tables and columns may have. Line protocol allows anything; a name that is accepted here works in
// SQL (quoted where needed) and on disk (storage/hive_path.h escapes it).
#pragma once

#include <string_view>

#include "base/error.h"

namespace gigapi {

constexpr size_t kMaxDatabaseNameBytes = 64;
constexpr size_t kMaxTableNameBytes = 200;
constexpr size_t kMaxColumnNameBytes = 255;

/// Letters, digits, and . _ - within, not at the start; not one of DuckDB's own schemas.
Status ValidateDatabaseName(std::string_view name);
/// UTF-8 without control characters, which as a part of a path has no more than kMaxTableNameBytes either.
Status ValidateTableName(std::string_view name);
/// UTF-8 without control characters; not `time`.
Status ValidateColumnName(std::string_view name);

/// Whether a path holds this byte of a name as it is; of others it has three (storage/hive_path.h). A dot that begins a name
/// is one of those.
constexpr bool IsPlainInPaths(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' ||
         c >= 0x80;
}

/// Whether the bytes are well-formed UTF-8.
bool IsUtf8(std::string_view bytes);

}  // namespace gigapi
