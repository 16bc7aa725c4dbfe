#include "catalog/drop_record.h"

#include <simdjson.h>

#include <algorithm>

#include "base/json_writer.h"
#include "base/uuid.h"
#include "storage/hive_path.h"

namespace gigapi {
namespace {

constexpr char kPrefix[] = ".gigapi/drops/";

std::string PrefixOf(const std::string& database, const std::string& table) {
  return kPrefix + TablePath(database, table) + '/';
}

void TakeOver(const DropRecord& from, DropRecord* into) {
  into->dropped_ns = std::max(into->dropped_ns, from.dropped_ns);
  RaiseTo(from.wal_sequences, &into->wal_sequences);
}

/// Of the objects under a prefix.
Status ReadInto(ObjectStore* store, const std::vector<ObjectInfo>& objects, DropRecords* records) {
  for (const ObjectInfo& object : objects) {
    const auto read = store->Get(object.key);
    if (!read.ok() && KindOf(read.status()) == ErrorKind::kNotFound) continue;  // a later one has taken its place
    ARROW_RETURN_NOT_OK(read.status());
    ARROW_ASSIGN_OR_RAISE(const DropRecord record, DecodeDropRecord(read->content));
    DropRecord& of_table = (*records)[{record.database, record.table}];
    of_table.database = record.database;
    of_table.table = record.table;
    TakeOver(record, &of_table);
  }
  return Status::OK();
}

DropRecord TakeOne(DropRecords records, const std::string& database, const std::string& table) {
  const auto found = records.find({database, table});
  if (found == records.end()) return {.database = database, .table = table};
  return std::move(found->second);
}

}  // namespace

std::string EncodeDropRecord(const DropRecord& record) {
  JsonWriter json;
  json.BeginObject().Key("database").String(record.database).Key("table").String(record.table);
  json.Key("dropped").Integer(record.dropped_ns).Key("wal_sequences").BeginObject();
  for (const auto& [node, sequence] : record.wal_sequences) json.Key(node).Unsigned(sequence);
  return json.EndObject().EndObject().Take();
}

Result<DropRecord> DecodeDropRecord(std::string_view json) {
  try {
    simdjson::dom::parser parser;
    const simdjson::dom::element root = parser.parse(simdjson::padded_string(json));
    DropRecord record;
    record.database = std::string(std::string_view(root["database"]));
    record.table = std::string(std::string_view(root["table"]));
    record.dropped_ns = int64_t(root["dropped"]);
    for (const auto& [node, sequence] : simdjson::dom::object(root["wal_sequences"])) {
      record.wal_sequences.emplace(node, uint64_t(sequence));
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
  TakeOver(TakeOne(std::move(known), record.database, record.table), &record);
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
