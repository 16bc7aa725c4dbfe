#include "server/encode/json_style.h"

#include "base/json_writer.h"

namespace gigapi {

std::vector<PaddedText> JsonObjectKeys(const arrow::Schema& schema) {
  std::vector<PaddedText> keys;
  for (int i = 0; i < schema.num_fields(); ++i) {
    std::string key = i == 0 ? "{" : ",";
    AppendJsonString(schema.field(i)->name(), &key);
    keys.emplace_back(key += ':');
  }
  return keys;
}

std::vector<PaddedText> JsonArraySeparators(const arrow::Schema& schema) {
  std::vector<PaddedText> separators;
  for (int i = 0; i < schema.num_fields(); ++i) separators.emplace_back(i == 0 ? "[" : ",");
  return separators;
}

std::string MissingNodesJson(const std::vector<std::string>& nodes) {
  JsonWriter json;
  json.BeginObject().Key("missing_nodes").BeginArray();
  for (const std::string& node : nodes) json.String(node);
  const std::string object = json.EndArray().EndObject().Take();
  return object.substr(1, object.size() - 2);
}

}  // namespace gigapi
