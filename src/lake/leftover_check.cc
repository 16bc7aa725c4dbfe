#include "lake/leftover_check.h"

#include <algorithm>

#include "storage/hive_path.h"
#include "storage/parquet_footer.h"

namespace gigapi {
namespace {

/// What cannot be read, or does not tell, may be anything.
bool IsNeedless(FileSystem* fs, const std::string& path, const LogRemains& log) {
  auto file = fs->OpenForRead(path);
  if (!file.ok()) return false;
  const auto footer = ReadParquetFooter(*std::move(file));
  return footer.ok() && footer->provenance && IsWhollyInLog(*footer->provenance, log);
}

}  // namespace

bool IsWhollyInLog(const FileProvenance& file, const LogRemains& log) {
  if (!log.first_sequence || file.logs.empty()) return false;
  return file.min_sequence >= *log.first_sequence &&
         std::ranges::all_of(file.logs, [&](const auto& ranges) { return ranges.first == log.node; });
}

Status CheckLeftovers(FileSystem* fs, const std::string& root, const CatalogContents& contents, const LogRemains& log) {
  for (const LoadedTable& table : contents.tables) {
    for (const LoadedPartition& partition : table.partitions) {
      if (partition.has_metadata) continue;
      const std::string directory = root + "/" + PartitionPath(TablePath(table.database, table.table), partition.key);
      for (const std::string& name : partition.leftovers) {
        const std::string path = directory + "/" + name;
        if (!LevelOfFileName(name) || IsNeedless(fs, path, log)) continue;
        return Errorf(ErrorKind::kInternal,
                      "{} has rows that no metadata.json names and that the write-ahead log does not have: the hour's "
                      "metadata.json was lost. Run `gigapi repair`",
                      path);
      }
    }
  }
  return Status::OK();
}

}  // namespace gigapi
