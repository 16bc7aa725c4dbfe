#include "catalog/partition_metadata.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>

#include "base/json_writer.h"
#include "base/path.h"

namespace gigapi {
namespace {

using simdjson::dom::element;

constexpr std::pair<ColumnType, std::string_view> kTypeNames[] = {
    {ColumnType::kTag, "tag"},       {ColumnType::kFloat64, "float64"}, {ColumnType::kInt64, "int64"},
    {ColumnType::kUInt64, "uint64"}, {ColumnType::kBool, "bool"},       {ColumnType::kString, "string"},
};

std::string_view TypeName(ColumnType type) {
  for (const auto& [known, name] : kTypeNames) {
    if (known == type) return name;
  }
  return "";
}

Result<ColumnType> TypeOf(std::string_view name) {
  for (const auto& [type, known] : kTypeNames) {
    if (known == name) return type;
  }
  return Errorf(ErrorKind::kInvalidArgument, "metadata names an unknown column type '{}'", name);
}

/// A bound as text: JSON's numbers lose digits in many readers.
std::string StatText(const StatValue& value) {
  return std::visit(
      [](const auto& v) -> std::string {
        using T = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<T, std::monostate>) return "";
        else if constexpr (std::is_same_v<T, std::string>) return v;
        else if constexpr (std::is_same_v<T, bool>) return v ? "true" : "false";
        else {
          char text[40];
          return std::string(text, std::to_chars(text, text + sizeof(text), v).ptr);
        }
      },
      value);
}

template <typename T>
StatValue StatNumber(std::string_view text) {
  T value{};
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  return result.ec == std::errc() ? StatValue(value) : StatValue();
}

StatValue StatOf(ColumnType type, std::string_view text) {
  switch (type) {
    case ColumnType::kFloat64: return StatNumber<double>(text);
    case ColumnType::kInt64: return StatNumber<int64_t>(text);
    case ColumnType::kUInt64: return StatNumber<uint64_t>(text);
    case ColumnType::kBool: return text == "true";
    case ColumnType::kTag:
    case ColumnType::kString: return std::string(text);
  }
  return {};
}

void WriteColumnStats(const ColumnStats& stats, JsonWriter* json) {
  json->BeginObject().Key("name").String(stats.name).Key("type").String(TypeName(stats.type));
  json->Key("null_count").Integer(stats.null_count);
  if (stats.min.index() != 0) json->Key("min").String(StatText(stats.min));
  if (stats.max.index() != 0) json->Key("max").String(StatText(stats.max));
  if (stats.has_nan) json->Key("has_nan").Bool(true);
  json->EndObject();
}

void WriteFile(const DataFile& file, JsonWriter* json) {
  json->BeginObject();
  json->Key("id").Unsigned(file.id).Key("path").String(NameOf(file.key)).Key("size_bytes").Integer(file.size_bytes);
  json->Key("row_count").Integer(file.rows).Key("chunk_time").Integer(file.created_ns);
  json->Key("min_time").Integer(file.min_time).Key("max_time").Integer(file.max_time);
  json->Key("range").String("1h").Key("type").String(file.level > 1 ? "compacted" : "raw");
  json->Key("level").Integer(file.level);
  if (file.layer && !file.layer->name().empty()) json->Key("layer").String(file.layer->name());
  if (!file.node.empty()) json->Key("node").String(file.node);
  if (file.oldest_in_layer_ns != file.created_ns || file.newest_in_layer_ns != file.created_ns) {
    json->Key("oldest_in_layer").Integer(file.oldest_in_layer_ns).Key("newest_in_layer").Integer(file.newest_in_layer_ns);
  }
  json->Key("min_sequence").Unsigned(file.min_sequence).Key("max_sequence").Unsigned(file.max_sequence);
  json->Key("columns").BeginArray();
  for (const ColumnStats& stats : file.columns) WriteColumnStats(stats, json);
  json->EndArray().EndObject();
}

void WriteSequences(const WalSequences& sequences, JsonWriter* json) {
  json->Key("wal_sequences").BeginObject();
  for (const auto& [node, sequence] : sequences) {
    if (!node.empty()) json->Key(node).Unsigned(sequence);
  }
  json->EndObject();
}

// ---- reading: simdjson's exceptions end in the two Decode functions ----

Result<ColumnStats> ReadColumnStats(element json) {
  ColumnStats stats;
  stats.name = std::string(std::string_view(json["name"]));
  ARROW_ASSIGN_OR_RAISE(stats.type, TypeOf(std::string_view(json["type"])));
  stats.null_count = int64_t(json["null_count"]);
  std::string_view text;
  if (json["min"].get(text) == simdjson::SUCCESS) stats.min = StatOf(stats.type, text);
  if (json["max"].get(text) == simdjson::SUCCESS) stats.max = StatOf(stats.type, text);
  bool has_nan = false;
  if (json["has_nan"].get(has_nan) == simdjson::SUCCESS) stats.has_nan = has_nan;
  return stats;
}

Result<DataFilePtr> ReadFile(element json, const MetadataContext& context) {
  auto file = std::make_shared<DataFile>();
  const std::string_view name = json["path"];
  if (name.empty() || name.find('/') != std::string_view::npos || name.starts_with('.')) {
    return Errorf(ErrorKind::kInvalidArgument, "metadata names a file outside its partition: '{}'", name);
  }
  file->key = context.partition_path + "/" + std::string(name);
  std::string_view layer;
  if (json["layer"].get(layer) == simdjson::SUCCESS) file->layer = FindLayer(context.layers, layer);
  else if (!context.layers.empty()) file->layer = context.layers.front();
  if (!file->layer)
    return Errorf(ErrorKind::kInvalidArgument, "{} lies in layer '{}', which is not set up here", file->key, layer);
  file->id = NewDataFileId();
  std::string_view node;
  if (json["node"].get(node) == simdjson::SUCCESS) file->node = node;
  file->is_elsewhere = !file->node.empty() && file->node != context.node;
  if (file->is_elsewhere && context.find_peer_layer) file->layer = context.find_peer_layer(*file->layer, file->node);
  file->partition = context.partition;
  file->size_bytes = int64_t(json["size_bytes"]);
  file->rows = int64_t(json["row_count"]);
  file->created_ns = int64_t(json["chunk_time"]);
  file->min_time = int64_t(json["min_time"]);
  file->max_time = int64_t(json["max_time"]);
  file->level = static_cast<int>(int64_t(json["level"]));
  file->min_sequence = uint64_t(json["min_sequence"]);
  file->max_sequence = uint64_t(json["max_sequence"]);
  file->oldest_in_layer_ns = file->newest_in_layer_ns = file->created_ns;
  int64_t in_layer_ns = 0;
  if (json["oldest_in_layer"].get(in_layer_ns) == simdjson::SUCCESS) file->oldest_in_layer_ns = in_layer_ns;
  if (json["newest_in_layer"].get(in_layer_ns) == simdjson::SUCCESS) file->newest_in_layer_ns = in_layer_ns;
  const simdjson::dom::array columns = json["columns"];
  file->columns.reserve(columns.size());
  for (const element column : columns) {
    ARROW_ASSIGN_OR_RAISE(ColumnStats stats, ReadColumnStats(column));
    file->columns.push_back(std::move(stats));
  }
  return file;
}

DroppedName ReadDroppedName(element json) {
  if (json.is_string()) return {.layer = {}, .name = std::string(std::string_view(json))};
  return {.layer = std::string(std::string_view(json["layer"])), .name = std::string(std::string_view(json["path"]))};
}

Result<PartitionMetadata> ReadPartition(element json, const MetadataContext& context) {
  PartitionMetadata metadata;
  metadata.table = std::string(std::string_view(json["type"]));
  if (const auto own = uint64_t(json["wal_sequence"]); own > 0) metadata.wal_sequences[{}] = own;
  simdjson::dom::object sequences;
  if (json["wal_sequences"].get(sequences) == simdjson::SUCCESS) {
    for (const auto& [node, sequence] : sequences) metadata.wal_sequences[std::string(node)] = uint64_t(sequence);
  }
  for (const element dropped : simdjson::dom::array(json["drop_queue"])) {
    metadata.drop_queue.push_back(ReadDroppedName(dropped));
  }
  simdjson::dom::object lease;
  if (json["lease"].get(lease) == simdjson::SUCCESS) {
    metadata.lease = {.node = std::string(std::string_view(lease["node"])),
                      .epoch = std::string(std::string_view(lease["epoch"]))};
  }
  const simdjson::dom::array files = json["files"];
  metadata.files.reserve(files.size());
  for (const element entry : files) {
    ARROW_ASSIGN_OR_RAISE(DataFilePtr file, ReadFile(entry, context));
    metadata.files.push_back(std::move(file));
  }
  return metadata;
}

}  // namespace

std::string EncodePartitionMetadata(const PartitionMetadata& metadata, std::string_view commit_id) {
  int64_t bytes = 0, rows = 0, min_time = 0, max_time = 0;
  for (const DataFilePtr& file : metadata.files) {
    min_time = rows == 0 ? file->min_time : std::min(min_time, file->min_time);
    max_time = rows == 0 ? file->max_time : std::max(max_time, file->max_time);
    bytes += file->size_bytes;
    rows += file->rows;
  }
  JsonWriter json;
  json.BeginObject().Key("type").String(metadata.table).Key("parquet_size_bytes").Integer(bytes);
  json.Key("row_count").Integer(rows).Key("min_time").Integer(min_time).Key("max_time").Integer(max_time);
  json.Key("wal_sequence").Unsigned(SequenceOf(metadata.wal_sequences, {}));
  if (metadata.wal_sequences.size() > metadata.wal_sequences.count({})) WriteSequences(metadata.wal_sequences, &json);
  if (!commit_id.empty()) json.Key("commit").String(commit_id);
  if (metadata.lease) {
    json.Key("lease").BeginObject().Key("node").String(metadata.lease->node);
    json.Key("epoch").String(metadata.lease->epoch).EndObject();
  }
  json.Key("drop_queue").BeginArray();
  for (const DroppedName& dropped : metadata.drop_queue) {
    if (dropped.layer.empty()) json.String(dropped.name);
    else json.BeginObject().Key("layer").String(dropped.layer).Key("path").String(dropped.name).EndObject();
  }
  json.EndArray().Key("files").BeginArray();
  for (const DataFilePtr& file : metadata.files) WriteFile(*file, &json);
  json.EndArray().EndObject();
  return json.Take();
}

Result<PartitionMetadata> DecodePartitionMetadata(std::string_view json, const MetadataContext& context) {
  try {
    // Its buffers are used again: a start reads many of these.
    static thread_local simdjson::dom::parser parser;
    return ReadPartition(parser.parse(simdjson::padded_string(json)), context);
  } catch (const simdjson::simdjson_error& error) {
    return Errorf(ErrorKind::kInvalidArgument, "metadata.json of {} cannot be read: {}", context.partition_path,
                  error.what());
  }
}

std::string EncodeTableMetadata(std::string_view table, const TableSchema& schema, std::string_view commit_id) {
  JsonWriter json;
  json.BeginObject().Key("type").String(table).Key("partition_by").String("hour");
  if (!commit_id.empty()) json.Key("commit").String(commit_id);
  json.Key("columns").BeginArray();
  for (const ColumnSchema& column : schema.columns()) {
    json.BeginObject().Key("name").String(column.name).Key("type").String(TypeName(column.type)).EndObject();
  }
  json.EndArray().EndObject();
  return json.Take();
}

Result<SchemaPtr> DecodeTableMetadata(std::string_view json) {
  try {
    simdjson::dom::parser parser;
    const element root = parser.parse(simdjson::padded_string(json));
    std::vector<ColumnSchema> columns;
    for (const element column : simdjson::dom::array(root["columns"])) {
      ARROW_ASSIGN_OR_RAISE(const ColumnType type, TypeOf(std::string_view(column["type"])));
      columns.push_back({std::string(std::string_view(column["name"])), type});
    }
    return std::make_shared<const TableSchema>(std::move(columns));
  } catch (const simdjson::simdjson_error& error) {
    return Errorf(ErrorKind::kInvalidArgument, "metadata.json of a table cannot be read: {}", error.what());
  }
}

}  // namespace gigapi
