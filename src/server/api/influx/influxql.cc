#include "server/api/influx/influxql.h"

#include "base/json_writer.h"
#include "model/names.h"
#include "server/error_table.h"

namespace gigapi::influx {
namespace {

/// Words, and names in double quotes with \" and \\ inside.
class Tokens {
 public:
  explicit Tokens(std::string_view text) : rest_(text) {}

  /// nullopt at the end, and from an unbalanced quote on.
  std::optional<std::string> Next() {
    const size_t begin = rest_.find_first_not_of(" \t\r\n;");
    if (begin == std::string_view::npos) return std::nullopt;
    rest_.remove_prefix(begin);
    if (rest_[0] == '"') return NextQuoted();
    const std::string_view word = rest_.substr(0, rest_.find_first_of(" \t\r\n;"));
    rest_.remove_prefix(word.size());
    return std::string(word);
  }

  bool Accept(std::string_view keyword) {
    Tokens ahead = *this;
    const auto word = ahead.Next();
    if (!word || !http::EqualsIgnoringCase(*word, keyword)) return false;
    *this = ahead;
    return true;
  }

  bool AtEnd() const { return rest_.find_first_not_of(" \t\r\n;") == std::string_view::npos; }

 private:
  std::optional<std::string> NextQuoted() {
    std::string name;
    for (size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == '"') {
        rest_.remove_prefix(i + 1);
        return name;
      }
      if (rest_[i] == '\\' && i + 1 < rest_.size()) ++i;
      name += rest_[i];
    }
    rest_ = {};
    return std::nullopt;
  }

  std::string_view rest_;
};

http::Response CreateDatabase(const std::string& database, Lake* lake) {
  Status status = ValidateDatabaseName(database);
  if (status.ok()) status = lake->CreateDatabase(database);
  if (!status.ok()) return ErrorResponse(status);
  return JsonResponse(200, "{\"results\":[{\"statement_id\":0}]}\n");
}

http::Response ShowDatabases(Lake* lake) {
  std::string json = "{\"results\":[{\"statement_id\":0,\"series\":[{\"name\":\"databases\",\"columns\":[\"name\"],\"values\":[";
  bool first = true;
  const LakeSnapshotPtr snapshot = lake->Snapshot();
  for (const auto& [name, tables] : snapshot->databases) {
    json += first ? "[" : ",[";
    first = false;
    AppendJsonString(name, &json);
    json += ']';
  }
  return JsonResponse(200, json += "]}]}]}\n");
}

}  // namespace

std::optional<Statement> ParseStatement(std::string_view text) {
  Tokens tokens(text);
  if (tokens.Accept("SHOW")) {
    if (!tokens.Accept("DATABASES") || !tokens.AtEnd()) return std::nullopt;
    return Statement{Statement::Kind::kShowDatabases, {}};
  }
  if (!tokens.Accept("CREATE") || !tokens.Accept("DATABASE")) return std::nullopt;
  const auto name = tokens.Next();
  if (!name || name->empty()) return std::nullopt;
  if (!tokens.AtEnd() && !tokens.Accept("WITH")) return std::nullopt;
  return Statement{Statement::Kind::kCreateDatabase, *name};
}

http::Response Execute(const Statement& statement, Lake* lake) {
  switch (statement.kind) {
    case Statement::Kind::kCreateDatabase: return CreateDatabase(statement.database, lake);
    case Statement::Kind::kShowDatabases: return ShowDatabases(lake);
  }
  return ErrorResponse(Error(ErrorKind::kInternal, "unknown statement"));
}

}  // namespace gigapi::influx
