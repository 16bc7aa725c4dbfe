#include "model/names.h"

#include <cstdint>
#include <cstring>

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
  const auto* p = reinterpret_cast<const uint8_t*>(bytes.data());
  const auto* const end = p + bytes.size();
  while (p < end) {
    uint64_t word;
    if (end - p >= 8 && (std::memcpy(&word, p, 8), (word & 0x8080808080808080) == 0)) {
      p += 8;
      continue;
    }
    if (*p < 0x80) {
      ++p;
      continue;
    }
    int more;
    uint32_t code;
    if (*p >= 0xc2 && *p <= 0xdf) more = 1, code = *p & 0x1f;
    else if (*p >= 0xe0 && *p <= 0xef) more = 2, code = *p & 0x0f;
    else if (*p >= 0xf0 && *p <= 0xf4) more = 3, code = *p & 0x07;
    else return false;
    if (end - p <= more) return false;
    for (int i = 1; i <= more; ++i) {
      if ((p[i] & 0xc0) != 0x80) return false;
      code = code << 6 | (p[i] & 0x3f);
    }
    const bool overlong = (more == 2 && code < 0x800) || (more == 3 && code < 0x10000);
    if (overlong || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return false;
    p += more + 1;
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

Status ValidateTableName(std::string_view name) { return CheckText("table", name, kMaxTableNameBytes); }

Status ValidateColumnName(std::string_view name) {
  ARROW_RETURN_NOT_OK(CheckText("column", name, kMaxColumnNameBytes));
  if (FoldCase(name) == kTimeColumn) {
    return Errorf(ErrorKind::kInvalidArgument, "'{}' is the timestamp's name, it cannot be a tag or a field", name);
  }
  return Status::OK();
}

}  // namespace gigapi
