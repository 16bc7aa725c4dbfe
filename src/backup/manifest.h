// What a backup has: the tables of a lake at one instant, and the files that hold their rows, each with size and checksum.
// A JSON document with a checksum of itself; tables and partitions are described as in their metadata.json
// (docs/lake_layout.md). Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "storage/data_file.h"

namespace gigapi {

struct BackupFile {
  /// Its key is the one in the backup (BackupKey). The layer is the one that was given to DecodeManifest. It has no WAL
  /// sequences: those of the log that it came through mean nothing to another one.
  DataFilePtr file;
  uint32_t crc32c = 0;  // of all its bytes
};

struct BackupTable {
  SchemaPtr schema;
  std::vector<BackupFile> files;  // those of a partition follow each other
};

struct BackupManifest {
  std::string id;          // "<UTC time>-<random>", to the millisecond, so ids are in the order of their times
  int64_t created_ns = 0;  // wall time: rows that were acknowledged before it are in the backup
  /// database -> table; a database without tables is there with an empty map.
  std::map<std::string, std::map<std::string, BackupTable>> databases;
};

struct BackupTotals {
  int64_t databases = 0;
  int64_t tables = 0;
  int64_t files = 0;
  int64_t rows = 0;
  int64_t bytes = 0;
};
BackupTotals TotalsOf(const BackupManifest& manifest);

/// An id for a backup of this instant that no other has.
std::string NewBackupId(int64_t now_ns);
/// Whether a text may be an id: nothing else becomes a part of a key.
bool IsBackupId(std::string_view text);

/// Where the manifest lies in the place of the backup.
std::string ManifestKey(const std::string& id);
/// Where a file lies there; `key` is the one that it has in every layer.
std::string BackupKey(const std::string& key);

std::string EncodeManifest(const BackupManifest& manifest);
/// The files lie in `layer`, a view of the place of the backup. kInvalidArgument for what is no manifest, kUnsupported for
/// one of a later version.
Result<BackupManifest> DecodeManifest(std::string_view json, const LayerPtr& layer);

}  // namespace gigapi
