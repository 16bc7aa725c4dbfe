#include "catalog/drop_record.h"

#include <simdjson.h>

#include <algorithm>
#include <mutex>

#include "base/json_writer.h"
#include "base/parallel.h"
#include "base/uuid.h"
#include "storage/hive_path.h"

namespace gigapi {
namespace {

constexpr char kPrefix[] = ".gigapi/drops/";
/// They mostly wait for the store.
constexpr size_t kReadThreads = 16;

std::string PrefixOf(const std::string& database, const std::string& table) {
  return kPrefix + TablePath(database, table) + '/';
}

/// What the later one keeps is kept.
void TakeOver(DropRecord from, DropRecord* into) {
  RaiseTo(from.wal_sequences, &into->wal_sequences);
  if (from.dropped_ns <= into->dropped_ns) return;
  into->dropped_ns = from.dropped_ns;
  into->kept = std::move(from.kept);
}

void WriteSequences(const WalSequences& sequences, JsonWriter* json) {
  json->BeginObject();
  for (const auto& [node, sequence] : sequences) json->Key(node).Unsigned(sequence);
  json->EndObject();
}

WalSequences ReadSequences(const simdjson::dom::object& json) {
  WalSequences sequences;
  for (const auto& [node, sequence] : json) sequences.emplace(node, uint64_t(sequence));
  return sequences;
}

/// Of the objects under a prefix, in any order.
Status ReadInto(ObjectStore* store, const std::vector<ObjectInfo>& objects, DropRecords* records) {
  std::mutex mutex;  // for the records
  return ForEachConcurrently(objects.size(), kReadThreads, "drops", [&](size_t i) -> Status {
    const auto read = store->Get(objects[i].key);
    // A later one has taken its place.
    if (!read.ok() && KindOf(read.status()) == ErrorKind::kNotFound) return Status::OK();
    ARROW_RETURN_NOT_OK(read.status());
    ARROW_ASSIGN_OR_RAISE(DropRecord record, DecodeDropRecord(read->content));
    const std::lock_guard lock(mutex);
    const auto [of_table, is_first] = records->try_emplace({record.database, record.table});
    if (is_first) of_table->second = std::move(record);
    else TakeOver(std::move(record), &of_table->second);
    return Status::OK();
  });
}

DropRecord TakeOne(DropRecords records, const std::string& database, const std::string& table) {
  const auto found = records.find({database, table});
  if (found == records.end()) return {.database = database, .table = table};
  return std::move(found->second);
}

}  // namespace

bool DropRecord::Covers(PartitionKey partition, const std::string& node, uint64_t sequence) const {
  if (sequence > SequenceOf(wal_sequences, node)) return false;
  const auto hour = kept.find(partition);
  return hour == kept.end() || sequence > SequenceOf(hour->second, node);
}

std::string EncodeDropRecord(const DropRecord& record) {
  JsonWriter json;
  json.BeginObject().Key("database").String(record.database).Key("table").String(record.table);
  json.Key("dropped").Integer(record.dropped_ns).Key("wal_sequences");
  WriteSequences(record.wal_sequences, &json);
  if (!record.kept.empty()) {
    json.Key("kept").BeginObject();
    for (const auto& [partition, sequences] : record.kept) WriteSequences(sequences, &json.Key(HivePath(partition)));
    json.EndObject();
  }
  return json.EndObject().Take();
}

Result<DropRecord> DecodeDropRecord(std::string_view json) {
  try {
    simdjson::dom::parser parser;
    const simdjson::dom::element root = parser.parse(simdjson::padded_string(json));
    DropRecord record;
    record.database = std::string(std::string_view(root["database"]));
    record.table = std::string(std::string_view(root["table"]));
    record.dropped_ns = int64_t(root["dropped"]);
    record.wal_sequences = ReadSequences(root["wal_sequences"]);
    simdjson::dom::object kept;
    if (root["kept"].get(kept) != simdjson::SUCCESS) return record;
    for (const auto& [hour, sequences] : kept) {
      PartitionKey partition;
      if (!ParseHivePath(std::string(hour), &partition))
        return Error(ErrorKind::kInvalidArgument, "the record of a drop names no hour");
      record.kept[partition] = ReadSequences(sequences);
    }
    return record;
  } catch (const simdjson::simdjson_error& error) {
    return Errorf(ErrorKind::kInvalidArgument, "the record of a drop cannot be read: {}", error.what());
  }
}

Status PutDropRecord(DropRecord record, ObjectStore* store) {
  const std::string prefix = PrefixOf(record.database, record.table);
  ARROW_ASSIGN_OR_RAISE(const auto earlier, ListAll(store, prefix));
  DropRecords known;
  ARROW_RETURN_NOT_OK(ReadInto(store, earlier, &known));
  const DropRecord before = TakeOne(std::move(known), record.database, record.table);
  // Clocks need not agree, and an earlier one may stay beside this.
  if (!earlier.empty()) record.dropped_ns = std::max(record.dropped_ns, before.dropped_ns + 1);
  RaiseTo(before.wal_sequences, &record.wal_sequences);
  ARROW_RETURN_NOT_OK(PutObject(store, prefix + NewUuid() + ".json", EncodeDropRecord(record)));
  for (const ObjectInfo& object : earlier) ARROW_RETURN_NOT_OK(store->Remove(object.key));
  return Status::OK();
}

Result<DropRecords> ReadDropRecords(ObjectStore* store) {
  DropRecords records;
  ARROW_ASSIGN_OR_RAISE(const auto objects, ListAll(store, kPrefix));
  ARROW_RETURN_NOT_OK(ReadInto(store, objects, &records));
  return records;
}

Result<DropRecord> ReadDropRecord(ObjectStore* store, const std::string& database, const std::string& table) {
  DropRecords records;
  ARROW_ASSIGN_OR_RAISE(const auto objects, ListAll(store, PrefixOf(database, table)));
  ARROW_RETURN_NOT_OK(ReadInto(store, objects, &records));
  return TakeOne(std::move(records), database, table);
}

Status RemoveDropRecord(ObjectStore* store, const std::string& database, const std::string& table) {
  ARROW_ASSIGN_OR_RAISE(const auto objects, ListAll(store, PrefixOf(database, table)));
  for (const ObjectInfo& object : objects) ARROW_RETURN_NOT_OK(store->Remove(object.key));
  return Status::OK();
}

}  // namespace gigapi
