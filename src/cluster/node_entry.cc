#include "cluster/node_entry.h"

#include <simdjson.h>

#include "base/json_writer.h"

namespace gigapi {

std::string NodeKey(std::string_view node) { return std::string(kNodesPrefix) + std::string(node); }

std::string EncodeNodeEntry(const NodeEntry& entry) {
  JsonWriter json;
  json.BeginObject().Key("node").String(entry.node).Key("epoch").String(entry.epoch).Key("role").String(entry.role);
  json.Key("version").String(entry.version).Key("http_address").String(entry.http_address);
  json.Key("flight_address").String(entry.flight_address).Key("public_key").String(entry.public_key);
  json.Key("peer_token").String("");  // earlier versions read no entry without one
  json.Key("root").String(entry.root);
  json.Key("may_hold_rows").Bool(entry.may_hold_rows).Key("started").Integer(entry.started_ns);
  json.Key("heartbeats").Unsigned(entry.heartbeats).Key("interval_ms").Integer(entry.interval_ms).EndObject();
  return json.Take();
}

Result<NodeEntry> DecodeNodeEntry(std::string_view json) {
  try {
    simdjson::dom::parser parser;
    const simdjson::dom::element root = parser.parse(simdjson::padded_string(json));
    const auto text = [&](const char* key) { return std::string(std::string_view(root[key])); };
    NodeEntry entry;
    entry.node = text("node");
    entry.epoch = text("epoch");
    entry.role = text("role");
    entry.version = text("version");
    entry.http_address = text("http_address");
    entry.flight_address = text("flight_address");
    // Earlier versions have neither.
    if (root["public_key"].error() == simdjson::SUCCESS) entry.public_key = text("public_key");
    if (root["root"].error() == simdjson::SUCCESS) entry.root = text("root");
    entry.may_hold_rows = bool(root["may_hold_rows"]);
    entry.started_ns = int64_t(root["started"]);
    entry.heartbeats = uint64_t(root["heartbeats"]);
    entry.interval_ms = int64_t(root["interval_ms"]);
    return entry;
  } catch (const simdjson::simdjson_error& error) {
    return Errorf(ErrorKind::kInvalidArgument, "the entry of a node cannot be read: {}", error.what());
  }
}

}  // namespace gigapi
