#include "model/names.h"

#include <cstdint>
#include <cstring>

#include "base/utf8.h"
#include "model/schema.h"

namespace gigapi {
namespace {

Status CheckText(std::string_view what, std::string_view name, size_t max_bytes) {
  if (name.empty()) return Errorf(ErrorKind::kInvalidArgument, "{} name is empty", what);
  if (name.size() > max_bytes) {
    return Errorf(ErrorKind::kInvalidArgument, "{} name has {} bytes, more than {}", what, name.size(), max_bytes);
  }
  for (const char c : name) {
    if (static_cast<uint8_t>(c) < 0x20 || c == 0x7f) {
      return Errorf(ErrorKind::kInvalidArgument, "{} name has a control character", what);
    }
  }
  if (!IsUtf8(name)) return Errorf(ErrorKind::kInvalidArgument, "{} name is not UTF-8", what);
  return Status::OK();
}

bool IsAlnum(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

}  // namespace

bool IsUtf8(std::string_view bytes) {
  for (size_t i = 0; i < bytes.size();) {
    if (bytes.size() - i >= 8) {
      uint64_t word;
      std::memcpy(&word, bytes.data() + i, sizeof(word));
      if ((word & 0x8080808080808080) == 0) {
        i += 8;
        continue;
      }
    }
    if (static_cast<uint8_t>(bytes[i]) < 0x80) {  // nearly always: parsers call this for every tag and string
      ++i;
      continue;
    }
    const size_t size = Utf8SequenceBytes(bytes.substr(i));
    if (size == 0) return false;
    i += size;
  }
  return true;
}

Status ValidateDatabaseName(std::string_view name) {
  ARROW_RETURN_NOT_OK(CheckText("database", name, kMaxDatabaseNameBytes));
  for (size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (IsAlnum(c) || c == '_' || (i > 0 && (c == '-' || c == '.'))) continue;
    return Errorf(ErrorKind::kInvalidArgument, "database name '{}': only letters, digits and _ - . are allowed", name);
  }
  const std::string folded = FoldCase(name);
  for (const std::string_view reserved : {"information_schema", "pg_catalog", "system", "temp"}) {
    if (folded == reserved) return Errorf(ErrorKind::kInvalidArgument, "database name '{}' is reserved", name);
  }
  return Status::OK();
}

Status ValidateTableName(std::string_view name) {
  ARROW_RETURN_NOT_OK(CheckText("table", name, kMaxTableNameBytes));
  if (name.size() * 3 <= kMaxTableNameBytes) return Status::OK();
  size_t path_bytes = name.front() == '.' ? 2 : 0;
  for (const char c : name) path_bytes += IsPlainInPaths(static_cast<unsigned char>(c)) ? 1 : 3;
  if (path_bytes <= kMaxTableNameBytes) return Status::OK();
  return Errorf(ErrorKind::kInvalidArgument, "table name has {} bytes as a part of a path, more than {}", path_bytes,
                kMaxTableNameBytes);
}

Status ValidateColumnName(std::string_view name) {
  ARROW_RETURN_NOT_OK(CheckText("column", name, kMaxColumnNameBytes));
  if (FoldCase(name) == kTimeColumn) {
    return Errorf(ErrorKind::kInvalidArgument, "'{}' is the timestamp's name, it cannot be a tag or a field", name);
  }
  return Status::OK();
}

}  // namespace gigapi
