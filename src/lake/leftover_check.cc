#include "lake/leftover_check.h"

#include <algorithm>

#include "storage/hive_path.h"
#include "storage/parquet_footer.h"

namespace gigapi {
namespace {

/// nullopt: it cannot be read, or does not tell.
std::optional<FileProvenance> ProvenanceOf(FileSystem* fs, const std::string& path) {
  auto file = fs->OpenForRead(path);
  if (!file.ok()) return std::nullopt;
  auto footer = ReadParquetFooter(*std::move(file));
  return footer.ok() ? std::move(footer->provenance) : std::nullopt;
}

/// What does not tell may be anything.
bool IsNeedless(FileSystem* fs, const std::string& path, const LogRemains& log) {
  const auto provenance = ProvenanceOf(fs, path);
  return provenance && IsWhollyInLog(*provenance, log);
}

/// Whether it has rows that came after a drop. A file is older or newer than a drop as a whole.
bool IsSince(uint64_t dropped_up_to, const FileProvenance& file, const LogRemains& log) {
  const auto own = file.logs.find(log.node);
  return own != file.logs.end() && !own->second.empty() && own->second.back().up_to > dropped_up_to;
}

Status LostMetadata(const std::string& path) {
  return Errorf(ErrorKind::kInternal,
                "{} has rows that no metadata.json names and that the write-ahead log does not have: the hour's "
                "metadata.json was lost. Run `gigapi repair`",
                path);
}

/// Of hours with metadata that is known to name no file which came since.
Status CheckRemains(FileSystem* fs, const std::string& root, const DroppedRemains& remains, const LogRemains& log) {
  for (const PartitionKey key : remains.partitions) {
    const std::string directory = root + "/" + PartitionPath(remains.table_path, key);
    ARROW_ASSIGN_OR_RAISE(const auto names, fs->List(directory));
    if (std::ranges::find(names, "metadata.json") != names.end()) continue;
    for (const std::string& name : names) {
      if (!LevelOfFileName(name)) continue;
      const auto provenance = ProvenanceOf(fs, directory + "/" + name);
      const bool is_lost =
          provenance && IsSince(remains.dropped_up_to, *provenance, log) && !IsWhollyInLog(*provenance, log);
      if (is_lost) return LostMetadata(directory + "/" + name);
    }
  }
  return Status::OK();
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
        return LostMetadata(path);
      }
    }
  }
  for (const DroppedRemains& remains : contents.remains) ARROW_RETURN_NOT_OK(CheckRemains(fs, root, remains, log));
  return Status::OK();
}

}  // namespace gigapi
