#include "server/api/influx/delete_route.h"

#include <algorithm>
#include <vector>

#include "ingest/time_parser.h"
#include "server/api/influx/influxql_lexer.h"
#include "server/api/influx/write_errors.h"
#include "server/json_body.h"
#include "server/lake_handler.h"

namespace gigapi::influx {
namespace {

constexpr int64_t kBodyBytesMax = 1 << 20;

struct Deletion {
  std::string database;
  std::optional<std::string> measurement;  // nullopt: all of them
  int64_t start_ns = 0;                    // both included
  int64_t stop_ns = 0;
};

Result<int64_t> ReadTime(const JsonBody& body, const char* name) {
  ARROW_ASSIGN_OR_RAISE(const std::string text, body.Text(name));
  int64_t nanos = 0;
  if (text.empty()) return Errorf(ErrorKind::kInvalidArgument, "invalid request; error parsing request json: no {}", name);
  if (ParseTimeText(text, &nanos)) return nanos;
  return Errorf(ErrorKind::kInvalidArgument,
                "invalid RFC3339Nano for field {}, please format your time with RFC3339Nano format", name);
}

Result<Deletion> ReadDeletion(const http::Request& request) {
  Deletion deletion;
  deletion.database = request.Query("bucket").value_or("");
  if (deletion.database.empty()) return Error(ErrorKind::kInvalidArgument, "please provide the parameter bucket, by name");
  ARROW_ASSIGN_OR_RAISE(const JsonBody body, JsonBody::Read(request, kBodyBytesMax));
  ARROW_ASSIGN_OR_RAISE(deletion.start_ns, ReadTime(body, "start"));
  ARROW_ASSIGN_OR_RAISE(deletion.stop_ns, ReadTime(body, "stop"));
  ARROW_ASSIGN_OR_RAISE(const std::string predicate, body.Text("predicate"));
  ARROW_ASSIGN_OR_RAISE(deletion.measurement, MeasurementOfPredicate(predicate));
  return deletion;
}

enum class Share {
  kNone,
  kSome,
  kAll
};

/// How many of a table's rows lie in the time.
Share ShareOf(const TableSnapshot& table, const Deletion& deletion) {
  bool any_inside = false, any_outside = false;
  const auto look_at = [&](const auto& piece) {
    any_inside |= piece->max_time >= deletion.start_ns && piece->min_time <= deletion.stop_ns;
    any_outside |= piece->min_time < deletion.start_ns || piece->max_time > deletion.stop_ns;
  };
  std::for_each(table.files.begin(), table.files.end(), look_at);
  std::for_each(table.memory.begin(), table.memory.end(), look_at);
  if (!any_inside && any_outside) return Share::kNone;
  return any_outside ? Share::kSome : Share::kAll;
}

/// The tables to drop; all or none are dropped, since a refusal comes before the first.
Result<std::vector<std::string>> TablesOf(const Deletion& deletion, const LakeSnapshot& snapshot) {
  const auto database = snapshot.databases.find(deletion.database);
  if (database == snapshot.databases.end()) {
    return Errorf(ErrorKind::kNotFound, "bucket \"{}\" not found", deletion.database);
  }
  std::vector<std::string> tables;
  for (const auto& [name, table] : database->second) {
    if (deletion.measurement && name != *deletion.measurement) continue;
    const Share share = ShareOf(*table, deletion);
    if (share == Share::kSome) {
      return Errorf(ErrorKind::kUnsupported,
                    "deleting a part of a measurement is not supported: '{}' has rows before start or after stop", name);
    }
    if (share == Share::kAll) tables.push_back(name);
  }
  return tables;
}

Result<http::Response> Delete(const http::Request& request, Lake* lake) {
  ARROW_ASSIGN_OR_RAISE(const Deletion deletion, ReadDeletion(request));
  ARROW_ASSIGN_OR_RAISE(const auto tables, TablesOf(deletion, *lake->Snapshot()));
  for (const std::string& table : tables) {
    const Status dropped = lake->DropTable(deletion.database, table);
    if (!dropped.ok() && KindOf(dropped) != ErrorKind::kNotFound) return dropped;
  }
  return http::Response{204, {}, {}};
}

}  // namespace

Result<std::optional<std::string>> MeasurementOfPredicate(std::string_view predicate) {
  Lexer lexer(predicate);
  const auto next = [&] { return lexer.Next(/*regex_allowed=*/false); };
  const Token name = next();
  if (name.kind == TokenKind::kEnd) return std::nullopt;
  const Token equals = next(), value = next(), end = next();
  const bool is_text = value.kind == TokenKind::kIdentifier || value.kind == TokenKind::kString;
  if (name.kind != TokenKind::kIdentifier || !equals.IsSymbol("=") || !is_text) {
    return Errorf(ErrorKind::kInvalidArgument, "failed to parse predicate: {}", predicate);
  }
  if (name.text != "_measurement" || end.kind != TokenKind::kEnd) {
    return Error(ErrorKind::kUnsupported,
                 "a delete predicate with more than _measurement is not supported: whole measurements "
                 "can be deleted");
  }
  return value.text;
}

void AddDeleteRoute(Lake* lake, http::WorkerPool* pool, http::Router* router) {
  router->Add("POST", "/api/v2/delete", AnswerOnPool(lake, pool, Delete, RenderV2Failure));
}

}  // namespace gigapi::influx
