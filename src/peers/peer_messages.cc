#include "peers/peer_messages.h"

#include <simdjson.h>

#include "base/json_writer.h"

namespace gigapi {
namespace {

using simdjson::dom::element;

std::string TextOf(element json, const char* key) { return std::string(std::string_view(json[key])); }

void WriteId(const ChunkId& id, JsonWriter* json) {
  json->Integer(id.hour).Unsigned(id.first_sequence).Unsigned(id.last_sequence);
}

ChunkId ReadId(element array) {
  return {.hour = int64_t(array.at(0)), .first_sequence = uint64_t(array.at(1)), .last_sequence = uint64_t(array.at(2))};
}

/// simdjson's exceptions end here.
template <typename Read>
auto Parse(std::string_view json, Read read) -> Result<decltype(read(element()))> {
  try {
    simdjson::dom::parser parser;
    return read(parser.parse(simdjson::padded_string(json)));
  } catch (const simdjson::simdjson_error& error) {
    return Errorf(ErrorKind::kInvalidArgument, "a message of another node cannot be read: {}", error.what());
  }
}

}  // namespace

std::string EncodeBufferedRequest(const BufferedRequest& request) {
  JsonWriter json;
  json.BeginObject().Key("database").String(request.database).Key("table").String(request.table);
  json.Key("epoch").String(request.epoch).Key("known").BeginArray();
  for (const ChunkId& id : request.known) {
    json.BeginArray();
    WriteId(id, &json);
    json.EndArray();
  }
  json.EndArray().EndObject();
  return json.Take();
}

Result<BufferedRequest> DecodeBufferedRequest(std::string_view json) {
  return Parse(json, [](element root) {
    BufferedRequest request{
        .database = TextOf(root, "database"), .table = TextOf(root, "table"), .epoch = TextOf(root, "epoch"), .known = {}};
    for (const element id : simdjson::dom::array(root["known"])) request.known.push_back(ReadId(id));
    return request;
  });
}

std::string EncodeBufferedHeader(const BufferedHeader& header) {
  JsonWriter json;
  json.BeginObject().Key("node").String(header.node).Key("epoch").String(header.epoch).Key("partitions").BeginArray();
  for (const BufferedHeader::Partition& partition : header.partitions) {
    json.BeginObject().Key("hour").Integer(partition.hour).Key("flushed").Unsigned(partition.flushed_sequence);
    json.Key("chunks").BeginArray();
    for (const BufferedHeader::Chunk& chunk : partition.chunks) {
      json.BeginArray();
      WriteId(chunk.id, &json);
      json.Bool(chunk.is_sent).EndArray();
    }
    json.EndArray().EndObject();
  }
  json.EndArray().EndObject();
  return json.Take();
}

Result<BufferedHeader> DecodeBufferedHeader(std::string_view json) {
  return Parse(json, [](element root) {
    BufferedHeader header{.node = TextOf(root, "node"), .epoch = TextOf(root, "epoch"), .partitions = {}};
    for (const element each : simdjson::dom::array(root["partitions"])) {
      BufferedHeader::Partition& partition = header.partitions.emplace_back();
      partition.hour = int64_t(each["hour"]);
      partition.flushed_sequence = uint64_t(each["flushed"]);
      for (const element chunk : simdjson::dom::array(each["chunks"])) {
        partition.chunks.push_back({.id = ReadId(chunk), .is_sent = bool(chunk.at(3))});
      }
    }
    return header;
  });
}

std::string EncodeTableRequest(const TableRequest& request) {
  JsonWriter json;
  json.BeginObject().Key("database").String(request.database).Key("table").String(request.table).EndObject();
  return json.Take();
}

Result<TableRequest> DecodeTableRequest(std::string_view json) {
  return Parse(
      json, [](element root) { return TableRequest{.database = TextOf(root, "database"), .table = TextOf(root, "table")}; });
}

std::string EncodeSequence(uint64_t sequence) { return std::to_string(sequence); }

Result<uint64_t> DecodeSequence(std::string_view json) {
  return Parse(json, [](element root) { return uint64_t(root); });
}

std::string EncodeTableNames(const std::vector<TableRequest>& names) {
  JsonWriter json;
  json.BeginArray();
  for (const TableRequest& name : names) json.BeginArray().String(name.database).String(name.table).EndArray();
  return json.EndArray().Take();
}

Result<std::vector<TableRequest>> DecodeTableNames(std::string_view json) {
  return Parse(json, [](element root) {
    std::vector<TableRequest> names;
    for (const element name : simdjson::dom::array(root)) {
      names.push_back(
          {.database = std::string(std::string_view(name.at(0))), .table = std::string(std::string_view(name.at(1)))});
    }
    return names;
  });
}

std::string EncodeRangeRequest(const RangeRequest& request) {
  JsonWriter json;
  json.BeginObject().Key("layer").String(request.layer).Key("key").String(request.key);
  json.Key("offset").Unsigned(request.offset).Key("length").Unsigned(request.length).EndObject();
  return json.Take();
}

Result<RangeRequest> DecodeRangeRequest(std::string_view json) {
  return Parse(json, [](element root) {
    return RangeRequest{.layer = TextOf(root, "layer"),
                        .key = TextOf(root, "key"),
                        .offset = uint64_t(root["offset"]),
                        .length = uint64_t(root["length"])};
  });
}

}  // namespace gigapi
