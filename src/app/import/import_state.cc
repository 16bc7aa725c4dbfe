#include "app/import/import_state.h"

#include <simdjson.h>

#include <utility>

#include "base/file_system.h"
#include "base/json_writer.h"

namespace gigapi {
namespace {

Status NotAState(const std::string& path) {
  return Errorf(ErrorKind::kInvalidArgument, "{} is not the state of an import; name another one by --state", path);
}

template <typename T>
T Get(const simdjson::dom::element& object, const char* name) {
  T value{};
  return object[name].get(value) == simdjson::SUCCESS ? value : T{};
}

}  // namespace

Result<ImportState> ImportState::Open(std::string path, std::string target) {
  ImportState state;
  state.path_ = std::move(path);
  state.target_ = std::move(target);
  if (state.path_.empty()) return state;
  ARROW_ASSIGN_OR_RAISE(const bool there, LocalFileSystem()->Exists(state.path_));
  if (!there) return state;
  ARROW_ASSIGN_OR_RAISE(const std::string text, ReadWholeFile(LocalFileSystem(), state.path_));
  simdjson::dom::parser parser;
  simdjson::dom::element json;
  simdjson::dom::array sources;
  if (parser.parse(text).get(json) != simdjson::SUCCESS || json["sources"].get(sources) != simdjson::SUCCESS) {
    return NotAState(state.path_);
  }
  if (Get<std::string_view>(json, "target") != state.target_) {
    return Errorf(ErrorKind::kInvalidArgument,
                  "{} is the state of another import, into {}; finish that one, remove the file, or name another by --state",
                  state.path_, Get<std::string_view>(json, "target"));
  }
  for (const simdjson::dom::element source : sources) {
    state.sources_[std::string(Get<std::string_view>(source, "name"))] = {
        .start_crc = static_cast<uint32_t>(Get<int64_t>(source, "start_crc")),
        .position = Get<int64_t>(source, "position"),
        .rows_behind = Get<int64_t>(source, "rows_behind"),
        .rows = Get<int64_t>(source, "rows"),
        .refused_rows = Get<int64_t>(source, "refused_rows"),
        .begun = Get<bool>(source, "begun"),
        .done = Get<bool>(source, "done"),
    };
  }
  state.resumed_ = true;
  return state;
}

Status ImportState::Save() const {
  if (path_.empty()) return Status::OK();
  JsonWriter json;
  json.BeginObject().Key("target").String(target_).Key("sources").BeginArray();
  for (const auto& [name, source] : sources_) {
    json.BeginObject().Key("name").String(name).Key("start_crc").Integer(source.start_crc);
    json.Key("position").Integer(source.position).Key("rows_behind").Integer(source.rows_behind);
    json.Key("begun").Bool(source.begun).Key("rows").Integer(source.rows);
    json.Key("refused_rows").Integer(source.refused_rows).Key("done").Bool(source.done).EndObject();
  }
  json.EndArray().EndObject();
  return ReplaceFile(LocalFileSystem(), path_, json.Take() + "\n");
}

Status ImportState::Remove() const { return path_.empty() ? Status::OK() : LocalFileSystem()->Remove(path_); }

}  // namespace gigapi
