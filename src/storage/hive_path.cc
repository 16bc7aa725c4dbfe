#include "storage/hive_path.h"

#include "model/names.h"

namespace gigapi {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr std::string_view kParquetSuffix = ".parquet";

}  // namespace

std::string EscapePathSegment(std::string_view name) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string escaped;
  escaped.reserve(name.size());
  for (size_t i = 0; i < name.size(); ++i) {
    const auto c = static_cast<unsigned char>(name[i]);
    if (IsPlainInPaths(c) && !(c == '.' && i == 0)) {
      escaped += name[i];
    } else {
      escaped += {'%', kHex[c >> 4], kHex[c & 15]};
    }
  }
  return escaped;
}

std::optional<std::string> UnescapePathSegment(std::string_view segment) {
  std::string name;
  for (size_t i = 0; i < segment.size(); ++i) {
    if (segment[i] != '%') {
      name += segment[i];
      continue;
    }
    if (i + 2 >= segment.size()) return std::nullopt;
    const int high = HexDigit(segment[i + 1]);
    const int low = HexDigit(segment[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    name += static_cast<char>(high * 16 + low);
    i += 2;
  }
  if (name.empty() || EscapePathSegment(name) != segment) return std::nullopt;
  return name;
}

std::string DatabasePath(std::string_view database) { return EscapePathSegment(database); }

std::string TablePath(std::string_view database, std::string_view table) {
  return DatabasePath(database) + '/' + EscapePathSegment(table);
}

std::string PartitionPath(std::string_view table_path, PartitionKey partition) {
  return std::string(table_path) + '/' + HivePath(partition);
}

std::string ParquetFileName(std::string_view uuid, int level) {
  return std::string(uuid) + '.' + std::to_string(level) + std::string(kParquetSuffix);
}

std::optional<int> LevelOfFileName(std::string_view name) {
  if (!name.ends_with(kParquetSuffix)) return std::nullopt;
  name.remove_suffix(kParquetSuffix.size());
  if (name.size() < 3 || name[name.size() - 2] != '.') return std::nullopt;
  const char level = name.back();
  if (level < '1' || level > '4') return std::nullopt;
  return level - '0';
}

}  // namespace gigapi
