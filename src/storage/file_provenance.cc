#include "storage/file_provenance.h"

#include <simdjson.h>

#include <algorithm>

#include "base/json_writer.h"

namespace gigapi {
namespace {

constexpr int64_t kVersion = 1;
constexpr char kMissing = '-';

constexpr std::pair<ColumnType, char> kTypeLetters[] = {
    {ColumnType::kTag, 't'},    {ColumnType::kFloat64, 'f'}, {ColumnType::kInt64, 'i'},
    {ColumnType::kUInt64, 'u'}, {ColumnType::kBool, 'b'},    {ColumnType::kString, 's'},
};

char LetterOf(ColumnType type) {
  const auto* const found = std::find_if(std::begin(kTypeLetters), std::end(kTypeLetters),
                                         [type](const auto& known) { return known.first == type; });
  return found->second;
}

using simdjson::dom::element;

std::string Text(element json, const char* key) { return std::string(std::string_view(json[key])); }

FileProvenance Read(element json) {
  FileProvenance provenance;
  provenance.database = Text(json, "database");
  provenance.table = Text(json, "table");
  if (!ParseHivePath(Text(json, "partition"), &provenance.partition)) {
    throw simdjson::simdjson_error(simdjson::INCORRECT_TYPE);
  }
  provenance.level = static_cast<int>(int64_t(json["level"]));
  provenance.node = Text(json, "node");
  provenance.created_ns = int64_t(json["created"]);
  provenance.layer = Text(json, "layer");
  provenance.oldest_in_layer_ns = int64_t(json["in_layer"].at(0));
  provenance.newest_in_layer_ns = int64_t(json["in_layer"].at(1));
  provenance.min_sequence = uint64_t(json["sequences"].at(0));
  provenance.max_sequence = uint64_t(json["sequences"].at(1));
  provenance.column_types = Text(json, "columns");
  for (const auto& [log, ranges] : simdjson::dom::object(json["logs"])) {
    for (const element range : simdjson::dom::array(ranges)) {
      AddRange({uint64_t(range.at(0)), uint64_t(range.at(1))}, &provenance.logs[std::string(log)]);
    }
  }
  provenance.has_all_ranges = bool(json["all_ranges"]);
  simdjson::dom::array replaced;
  if (json["replaced"].get(replaced) == simdjson::SUCCESS) {
    for (const element name : replaced) provenance.replaced.emplace_back(std::string_view(name));
  }
  return provenance;
}

size_t CountRanges(const FileProvenance& provenance) {
  size_t count = 0;
  for (const auto& [log, ranges] : provenance.logs) count += ranges.size();
  return count;
}

}  // namespace

void AddRange(LogRange range, LogRanges* ranges) {
  if (range.after >= range.up_to) return;
  const auto first = std::find_if(ranges->begin(), ranges->end(), [&](LogRange each) { return each.up_to >= range.after; });
  auto last = first;
  for (; last != ranges->end() && last->after <= range.up_to; ++last) {
    range.after = std::min(range.after, last->after);
    range.up_to = std::max(range.up_to, last->up_to);
  }
  ranges->insert(ranges->erase(first, last), range);
}

std::string EncodeColumnTypes(const TableSchema& table, const std::vector<ColumnSchema>& columns) {
  std::string types;
  size_t next = 0;
  for (size_t i = 0; i < table.size() && next < columns.size(); ++i) {
    const bool is_there = columns[next].name == table[i].name;
    types += is_there ? LetterOf(columns[next++].type) : kMissing;
  }
  return types;
}

std::optional<ColumnType> DecodeColumnType(char letter) {
  for (const auto& [type, known] : kTypeLetters) {
    if (known == letter) return type;
  }
  return std::nullopt;
}

void UniteLogs(const std::vector<const FileProvenance*>& inputs, FileProvenance* merged) {
  for (const FileProvenance* input : inputs) {
    merged->has_all_ranges &= input != nullptr && input->has_all_ranges;
    if (input == nullptr) continue;
    for (const auto& [log, ranges] : input->logs) {
      for (const LogRange range : ranges) AddRange(range, &merged->logs[log]);
    }
  }
  if (CountRanges(*merged) <= FileProvenance::kRangesMax) return;
  merged->has_all_ranges = false;
  for (auto& [log, ranges] : merged->logs) ranges = {{ranges.front().after, ranges.back().up_to}};
}

std::string EncodeProvenance(const FileProvenance& provenance) {
  JsonWriter json;
  json.BeginObject().Key("version").Integer(kVersion);
  json.Key("database").String(provenance.database).Key("table").String(provenance.table);
  json.Key("partition").String(HivePath(provenance.partition)).Key("level").Integer(provenance.level);
  json.Key("node").String(provenance.node).Key("created").Integer(provenance.created_ns);
  json.Key("layer").String(provenance.layer).Key("in_layer").BeginArray();
  json.Integer(provenance.oldest_in_layer_ns).Integer(provenance.newest_in_layer_ns).EndArray();
  json.Key("columns").String(provenance.column_types).Key("sequences").BeginArray();
  json.Unsigned(provenance.min_sequence).Unsigned(provenance.max_sequence).EndArray();
  json.Key("logs").BeginObject();
  for (const auto& [log, ranges] : provenance.logs) {
    json.Key(log).BeginArray();
    for (const LogRange range : ranges) json.BeginArray().Unsigned(range.after).Unsigned(range.up_to).EndArray();
    json.EndArray();
  }
  json.EndObject().Key("all_ranges").Bool(provenance.has_all_ranges);
  if (!provenance.replaced.empty()) {
    json.Key("replaced").BeginArray();
    const size_t count = std::min(provenance.replaced.size(), FileProvenance::kReplacedMax);
    for (size_t i = 0; i < count; ++i) json.String(provenance.replaced[i]);
    json.EndArray();
  }
  json.EndObject();
  return json.Take();
}

Result<FileProvenance> DecodeProvenance(std::string_view text) {
  try {
    simdjson::dom::parser parser;
    const element json = parser.parse(simdjson::padded_string(text));
    if (int64_t(json["version"]) > kVersion) {
      return Error(ErrorKind::kUnsupported, "the file was written by a later version");
    }
    return Read(json);
  } catch (const simdjson::simdjson_error& error) {
    return Errorf(ErrorKind::kInvalidArgument, "the footer's key gigapi cannot be read: {}", error.what());
  }
}

}  // namespace gigapi
