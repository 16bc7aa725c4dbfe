#include "catalog/drop_list.h"

#include <simdjson.h>

#include <algorithm>

#include "base/json_writer.h"

namespace gigapi {

void DropList::Add(Drop drop) {
  const auto same = std::find_if(drops_.begin(), drops_.end(), [&](const Drop& other) {
    return other.database == drop.database && other.table == drop.table;
  });
  if (same == drops_.end()) drops_.push_back(std::move(drop));
  else *same = std::move(drop);
}

uint64_t DropList::DroppedUpTo(std::string_view database, std::string_view table) const {
  uint64_t sequence = 0;
  for (const Drop& drop : drops_) {
    if (drop.database == database && (drop.table.empty() || drop.table == table))
      sequence = std::max(sequence, drop.sequence);
  }
  return sequence;
}

Drop* DropList::FindDatabase(std::string_view database) {
  const auto found = std::find_if(drops_.begin(), drops_.end(),
                                  [&](const Drop& drop) { return drop.database == database && drop.table.empty(); });
  return found == drops_.end() ? nullptr : &*found;
}

uint64_t DropList::max_sequence() const {
  uint64_t sequence = 0;
  for (const Drop& drop : drops_) sequence = std::max(sequence, drop.sequence);
  return sequence;
}

std::string EncodeDropList(const DropList& list) {
  JsonWriter json;
  json.BeginObject().Key("drops").BeginArray();
  for (const Drop& drop : list.drops()) {
    json.BeginObject().Key("database").String(drop.database).Key("table").String(drop.table);
    json.Key("wal_sequence").Unsigned(drop.sequence);
    if (drop.recreated) json.Key("recreated").Bool(true);
    json.EndObject();
  }
  json.EndArray().EndObject();
  return json.Take();
}

Result<DropList> DecodeDropList(std::string_view json) {
  try {
    DropList list;
    simdjson::dom::parser parser;
    const simdjson::dom::element root = parser.parse(simdjson::padded_string(json));
    for (const simdjson::dom::element entry : simdjson::dom::array(root["drops"])) {
      Drop drop;
      drop.database = std::string(std::string_view(entry["database"]));
      drop.table = std::string(std::string_view(entry["table"]));
      drop.sequence = uint64_t(entry["wal_sequence"]);
      bool recreated = false;
      if (entry["recreated"].get(recreated) == simdjson::SUCCESS) drop.recreated = recreated;
      list.drops().push_back(std::move(drop));
    }
    return list;
  } catch (const simdjson::simdjson_error& error) {
    return Errorf(ErrorKind::kInvalidArgument, "drops.json cannot be read: {}", error.what());
  }
}

}  // namespace gigapi
