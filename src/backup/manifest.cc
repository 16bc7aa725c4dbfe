#include "backup/manifest.h"

#include <fmt/chrono.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <optional>

#include "base/clock.h"
#include "base/crc32c.h"
#include "base/json_writer.h"
#include "base/uuid.h"
#include "catalog/partition_metadata.h"
#include "model/names.h"
#include "storage/hive_path.h"

namespace gigapi {
namespace {

using simdjson::dom::element;

constexpr std::string_view kFormat = "gigapi-backup";
constexpr int64_t kVersion = 2;
constexpr int64_t kVersionWithoutChecksum = 1;
/// The last key: the CRC-32C of all that is before the comma.
constexpr std::string_view kChecksumKey = ",\"crc32c\":";
constexpr size_t kIdBytes = 28;  // 20250131T120000123Z-1a2b3c4d

void WritePartition(const std::string& table, const BackupFile* begin, const BackupFile* end, JsonWriter* json) {
  PartitionMetadata metadata;
  metadata.table = table;
  for (const BackupFile* each = begin; each != end; ++each) {
    auto file = std::make_shared<DataFile>(*each->file);
    file->layer = nullptr;
    file->node.clear();
    file->min_sequence = file->max_sequence = 0;
    metadata.files.push_back(std::move(file));
  }
  json->BeginObject().Key("partition").String(HivePath(begin->file->partition)).Key("crc32c").BeginArray();
  for (const BackupFile* each = begin; each != end; ++each) json->Unsigned(each->crc32c);
  json->EndArray().Key("metadata").Literal(EncodePartitionMetadata(metadata)).EndObject();
}

void WriteTable(const std::string& name, const BackupTable& table, JsonWriter* json) {
  json->BeginObject().Key("name").String(name).Key("metadata").Literal(EncodeTableMetadata(name, *table.schema));
  json->Key("partitions").BeginArray();
  const BackupFile* const end = table.files.data() + table.files.size();
  for (const BackupFile* begin = table.files.data(); begin != end;) {
    const auto* next =
        std::find_if(begin, end, [begin](const BackupFile& each) { return each.file->partition != begin->file->partition; });
    WritePartition(name, begin, next, json);
    begin = next;
  }
  json->EndArray().EndObject();
}

Status NoManifest(std::string_view why) {
  return Errorf(ErrorKind::kInvalidArgument, "the backup's manifest cannot be read: {}", why);
}

/// nullopt: there is none.
std::optional<bool> IsAsWritten(std::string_view text) {
  const size_t at = text.rfind(kChecksumKey);
  if (at == std::string_view::npos) return std::nullopt;
  uint32_t expected = 0;
  const char* const end = text.data() + text.size();
  const auto [next, failed] = std::from_chars(text.data() + at + kChecksumKey.size(), end, expected);
  if (failed != std::errc() || std::string_view(next, end) != "}") return std::nullopt;
  return Crc32c(text.substr(0, at)) == expected;
}

// ---- reading: simdjson's exceptions end in DecodeManifest ----

Status ReadPartition(const element& json, const std::string& table_path, const std::vector<LayerPtr>& layers,
                     BackupTable* table) {
  static const std::string kNoNode;
  PartitionKey key;
  if (!ParseHivePath(std::string(std::string_view(json["partition"])), &key)) return NoManifest("a partition has no name");
  const std::string path = BackupKey(PartitionPath(table_path, key));
  ARROW_ASSIGN_OR_RAISE(const PartitionMetadata metadata,
                        DecodePartitionMetadata(simdjson::minify(json["metadata"]), {layers, path, key, kNoNode}));
  const simdjson::dom::array checksums = json["crc32c"];
  if (checksums.size() != metadata.files.size()) return NoManifest("a file has no checksum");
  size_t i = 0;
  for (const element checksum : checksums) {
    const DataFilePtr& file = metadata.files[i++];
    if (!LevelOfFileName(std::string_view(file->key).substr(path.size() + 1))) return NoManifest("a file has no name");
    table->files.push_back({file, static_cast<uint32_t>(uint64_t(checksum))});
  }
  return Status::OK();
}

Status ReadDatabase(const element& json, const std::vector<LayerPtr>& layers, BackupManifest* manifest) {
  const auto database = std::string(std::string_view(json["name"]));
  ARROW_RETURN_NOT_OK(ValidateDatabaseName(database));
  auto& tables = manifest->databases[database];
  for (const element each : simdjson::dom::array(json["tables"])) {
    const auto name = std::string(std::string_view(each["name"]));
    ARROW_RETURN_NOT_OK(ValidateTableName(name));
    BackupTable& table = tables[name];
    ARROW_ASSIGN_OR_RAISE(table.schema, DecodeTableMetadata(simdjson::minify(each["metadata"])));
    for (const element partition : simdjson::dom::array(each["partitions"])) {
      ARROW_RETURN_NOT_OK(ReadPartition(partition, TablePath(database, name), layers, &table));
    }
  }
  return Status::OK();
}

Result<BackupManifest> ReadManifest(const element& json, std::string_view text, const LayerPtr& layer) {
  if (std::string_view(json["format"]) != kFormat) return NoManifest("it has another format");
  const int64_t version = int64_t(json["version"]);
  if (version > kVersion) {
    return Error(ErrorKind::kUnsupported, "the backup was made by a later version of gigapi");
  }
  if (!IsAsWritten(text).value_or(version <= kVersionWithoutChecksum))
    return NoManifest("it was changed since it was written");
  BackupManifest manifest;
  manifest.id = std::string(std::string_view(json["id"]));
  manifest.created_ns = int64_t(json["created_ns"]);
  if (!IsBackupId(manifest.id)) return NoManifest("it has no id");
  const std::vector<LayerPtr> layers{layer};
  for (const element database : simdjson::dom::array(json["databases"])) {
    ARROW_RETURN_NOT_OK(ReadDatabase(database, layers, &manifest));
  }
  return manifest;
}

}  // namespace

BackupTotals TotalsOf(const BackupManifest& manifest) {
  BackupTotals totals;
  totals.databases = static_cast<int64_t>(manifest.databases.size());
  for (const auto& [database, tables] : manifest.databases) {
    totals.tables += static_cast<int64_t>(tables.size());
    for (const auto& [name, table] : tables) {
      totals.files += static_cast<int64_t>(table.files.size());
      for (const BackupFile& each : table.files) {
        totals.rows += each.file->rows;
        totals.bytes += each.file->size_bytes;
      }
    }
  }
  return totals;
}

std::string NewBackupId(int64_t now_ns) {
  const std::tm utc = fmt::gmtime(static_cast<std::time_t>(now_ns / kNanosPerSecond));
  const int64_t millis = now_ns / kNanosPerMilli % 1'000;
  return fmt::format("{:%Y%m%dT%H%M%S}{:03}Z-{}", utc, millis, NewUuid().substr(0, 8));
}

bool IsBackupId(std::string_view text) {
  return text.size() == kIdBytes && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == 'T' || c == 'Z' || c == '-';
         });
}

std::string ManifestKey(const std::string& id) { return "backups/" + id + ".json"; }

std::string BackupKey(const std::string& key) { return "files/" + key; }

std::string EncodeManifest(const BackupManifest& manifest) {
  JsonWriter json;
  json.BeginObject().Key("format").String(kFormat).Key("version").Integer(kVersion);
  json.Key("id").String(manifest.id).Key("created_ns").Integer(manifest.created_ns);
  json.Key("databases").BeginArray();
  for (const auto& [database, tables] : manifest.databases) {
    json.BeginObject().Key("name").String(database).Key("tables").BeginArray();
    for (const auto& [name, table] : tables) WriteTable(name, table, &json);
    json.EndArray().EndObject();
  }
  json.EndArray().EndObject();
  std::string text = json.Take();
  text.pop_back();
  const uint32_t crc32c = Crc32c(text);
  return fmt::format("{}{}{}}}", text, kChecksumKey, crc32c);
}

Result<BackupManifest> DecodeManifest(std::string_view json, const LayerPtr& layer) {
  try {
    simdjson::dom::parser parser;
    return ReadManifest(parser.parse(simdjson::padded_string(json)), json, layer);
  } catch (const simdjson::simdjson_error& error) {
    return NoManifest(error.what());
  }
}

}  // namespace gigapi
