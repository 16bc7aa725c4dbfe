#include "server/api/influx/influxql_executor.h"

#include <arrow/array.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <variant>

#include "base/clock.h"
#include "base/json_writer.h"
#include "model/names.h"
#include "server/api/influx/influxql_condition.h"
#include "server/error_table.h"
#include "server/sql_text.h"

namespace gigapi::influx {
namespace {

/// Of one answer, which is made in memory as InfluxDB's clients want it.
constexpr size_t kValuesMax = 1'000'000;

using Cell = std::variant<std::string, int64_t, bool>;

struct Series {
  std::string name;  // may be empty
  std::vector<std::string> columns;
  std::vector<std::vector<Cell>> values;
};
using SeriesList = std::vector<Series>;
using Tables = std::map<std::string, TableSnapshotPtr>;

void WriteCell(const Cell& cell, JsonWriter* json) {
  if (const auto* text = std::get_if<std::string>(&cell)) json->String(*text);
  else if (const auto* number = std::get_if<int64_t>(&cell)) json->Integer(*number);
  else json->Bool(std::get<bool>(cell));
}

void WriteSeries(const Series& series, JsonWriter* json) {
  json->BeginObject();
  if (!series.name.empty()) json->Key("name").String(series.name);
  json->Key("columns").BeginArray();
  for (const std::string& column : series.columns) json->String(column);
  json->EndArray().Key("values").BeginArray();
  for (const auto& row : series.values) {
    json->BeginArray();
    for (const Cell& cell : row) WriteCell(cell, json);
    json->EndArray();
  }
  json->EndArray().EndObject();
}

std::string_view TextAt(const arrow::Array& array, int64_t row) {
  switch (array.type_id()) {
    case arrow::Type::STRING: return static_cast<const arrow::StringArray&>(array).GetView(row);
    case arrow::Type::LARGE_STRING: return static_cast<const arrow::LargeStringArray&>(array).GetView(row);
    case arrow::Type::STRING_VIEW: return static_cast<const arrow::StringViewArray&>(array).GetView(row);
    default: return {};
  }
}

std::string Joined(const std::vector<std::string>& texts, std::string_view separator) {
  return fmt::format("{}", fmt::join(texts, separator));
}

/// Runs one statement.
class StatementRun {
 public:
  StatementRun(Lake* lake, QueryEngine* engine, const Statement& statement, std::string database, QueryCancel cancel)
      : lake_(lake), engine_(engine), statement_(statement), database_(std::move(database)), cancel_(std::move(cancel)) {}

  Result<SeriesList> Execute() {
    switch (statement_.kind) {
      case Statement::Kind::kCreateDatabase: return CreateDatabase();
      case Statement::Kind::kDropDatabase: return NoSeries(lake_->DropDatabase(statement_.name));
      case Statement::Kind::kDropMeasurement: return DropMeasurement();
      case Statement::Kind::kShowDatabases: return ShowDatabases();
      case Statement::Kind::kShowRetentionPolicies: return ShowRetentionPolicies();
      case Statement::Kind::kShowMeasurements: return ShowMeasurements();
      case Statement::Kind::kShowFieldKeys: return ShowFieldKeys();
      case Statement::Kind::kShowTagKeys: return ShowTagKeys();
      case Statement::Kind::kShowTagValues: return ShowTagValues();
      case Statement::Kind::kShowSeries: return ShowSeries();
      case Statement::Kind::kSelect:
        return Error(ErrorKind::kUnsupported,
                     "SELECT in InfluxQL is not supported: send SQL, as POST /query with {\"query\": ...}");
    }
    return Error(ErrorKind::kInternal, "unknown statement");
  }

 private:
  Result<SeriesList> CreateDatabase() {
    ARROW_RETURN_NOT_OK(ValidateDatabaseName(statement_.name));
    ARROW_RETURN_NOT_OK(lake_->CreateDatabase(statement_.name));
    return SeriesList{};
  }

  /// What is not there needs no drop: InfluxDB calls that a success.
  static Result<SeriesList> NoSeries(const Status& dropped) {
    if (!dropped.ok() && KindOf(dropped) != ErrorKind::kNotFound) return dropped;
    return SeriesList{};
  }

  Result<SeriesList> DropMeasurement() {
    ARROW_RETURN_NOT_OK(FindDatabase().status());
    return NoSeries(lake_->DropTable(database_, statement_.name));
  }

  Result<SeriesList> ShowDatabases() {
    Series series{"databases", {"name"}, {}};
    const LakeSnapshotPtr snapshot = lake_->Snapshot();  // holds what the loop walks over
    for (const auto& [name, tables] : snapshot->databases) series.values.push_back({name});
    return SeriesList{std::move(series)};
  }

  Result<SeriesList> ShowRetentionPolicies() {
    ARROW_RETURN_NOT_OK(FindDatabase().status());
    Series series{"", {"name", "duration", "shardGroupDuration", "replicaN", "default"}, {}};
    series.values.push_back({std::string("autogen"), std::string("0s"), std::string("168h0m0s"), int64_t{1}, true});
    return SeriesList{std::move(series)};
  }

  Result<SeriesList> ShowMeasurements() {
    if (database_.empty()) return Error(ErrorKind::kInvalidArgument, "database name required");
    const Result<Tables> tables = FindDatabase();
    if (!tables.ok()) return SeriesList{};  // as InfluxDB, which asks each shard and finds none
    std::vector<std::string> names;
    for (const auto& [name, table] : *tables) names.push_back(name);
    if (statement_.with) {
      ARROW_ASSIGN_OR_RAISE(names, Matching(std::move(names), *statement_.with));
    }
    Series series{"measurements", {"name"}, {}};
    for (std::string& name : names) series.values.push_back({std::move(name)});
    return Limited({std::move(series)});
  }

  Result<SeriesList> ShowFieldKeys() {
    ARROW_ASSIGN_OR_RAISE(const auto tables, SourceTables());
    SeriesList list;
    for (const TableSnapshotPtr& table : tables) {
      Series series{table->table, {"fieldKey", "fieldType"}, {}};
      for (const ColumnSchema& column : table->schema->columns()) {
        if (KindOf(column.type) == ColumnKind::kField)
          series.values.push_back({column.name, std::string(ToString(column.type))});
      }
      std::sort(series.values.begin(), series.values.end());
      if (!series.values.empty()) list.push_back(std::move(series));
    }
    return Limited(std::move(list));
  }

  Result<SeriesList> ShowTagKeys() {
    ARROW_ASSIGN_OR_RAISE(const auto tables, SourceTables());
    SeriesList list;
    for (const TableSnapshotPtr& table : tables) {
      Series series{table->table, {"tagKey"}, {}};
      for (std::string& name : TagsOf(*table)) series.values.push_back({std::move(name)});
      if (!series.values.empty()) list.push_back(std::move(series));
    }
    return Limited(std::move(list));
  }

  Result<SeriesList> ShowTagValues() {
    ARROW_ASSIGN_OR_RAISE(const auto tables, SourceTables());
    SeriesList list;
    for (const TableSnapshotPtr& table : tables) {
      Series series{table->table, {"key", "value"}, {}};
      ARROW_ASSIGN_OR_RAISE(const auto keys, Matching(TagsOf(*table), *statement_.with));
      for (const std::string& key : keys) {
        ARROW_ASSIGN_OR_RAISE(const std::string where, WhereClause(*table));
        const std::string sql = fmt::format("SELECT DISTINCT {0} AS v FROM {1} WHERE {0} <> '' AND {2} ORDER BY v",
                                            SqlName(key), SqlName(table->table), where);
        ARROW_RETURN_NOT_OK(Select(sql, [&](const arrow::RecordBatch& batch, int64_t row) {
          series.values.push_back({key, std::string(TextAt(*batch.column(0), row))});
        }));
      }
      if (!series.values.empty()) list.push_back(std::move(series));
    }
    return Limited(std::move(list));
  }

  Result<SeriesList> ShowSeries() {
    ARROW_ASSIGN_OR_RAISE(const auto tables, SourceTables());
    Series series{"", {"key"}, {}};
    for (const TableSnapshotPtr& table : tables) {
      const std::vector<std::string> tags = TagsOf(*table);
      ARROW_ASSIGN_OR_RAISE(const std::string where, WhereClause(*table));
      std::vector<std::string> columns;
      for (const std::string& tag : tags) columns.push_back(SqlName(tag));
      if (columns.empty()) columns.emplace_back("1");
      const std::string sql =
          fmt::format("SELECT DISTINCT {} FROM {} WHERE {}", Joined(columns, ", "), SqlName(table->table), where);
      ARROW_RETURN_NOT_OK(Select(sql, [&](const arrow::RecordBatch& batch, int64_t row) {
        series.values.push_back({SeriesKey(table->table, tags, batch, row)});
      }));
    }
    std::sort(series.values.begin(), series.values.end());
    return Limited({std::move(series)});
  }

  static std::string SeriesKey(std::string_view table, const std::vector<std::string>& tags, const arrow::RecordBatch& batch,
                               int64_t row) {
    std::string key = Escaped(table, ", ");
    for (size_t i = 0; i < tags.size(); ++i) {
      const arrow::Array& values = *batch.column(static_cast<int>(i));
      if (values.IsNull(row) || TextAt(values, row).empty()) continue;
      key += ',' + Escaped(tags[i], ",= ") + '=' + Escaped(TextAt(values, row), ",= ");
    }
    return key;
  }
  static std::string Escaped(std::string_view text, std::string_view special) {
    std::string escaped;
    for (const char c : text) {
      if (special.find(c) != std::string_view::npos) escaped += '\\';
      escaped += c;
    }
    return escaped;
  }

  // ---- what statements have in common ----

  Result<Tables> FindDatabase() {
    if (database_.empty()) return Error(ErrorKind::kInvalidArgument, "database name required");
    const LakeSnapshotPtr snapshot = lake_->Snapshot();
    const auto found = snapshot->databases.find(database_);
    if (found == snapshot->databases.end()) return Errorf(ErrorKind::kNotFound, "database not found: {}", database_);
    return found->second;
  }

  /// The tables that FROM names, or all.
  Result<std::vector<TableSnapshotPtr>> SourceTables() {
    if (!statement_.sources.empty() && !statement_.sources[0].database.empty()) database_ = statement_.sources[0].database;
    ARROW_ASSIGN_OR_RAISE(const Tables tables, FindDatabase());
    std::set<std::string> names;
    if (statement_.sources.empty()) {
      for (const auto& [name, table] : tables) names.insert(name);
    }
    for (const Source& source : statement_.sources) {
      if (!source.database.empty() && source.database != database_) {
        return Error(ErrorKind::kUnsupported, "FROM with several databases is not supported");
      }
      if (!source.is_regex) {
        if (tables.contains(source.name)) names.insert(source.name);
        continue;
      }
      std::vector<std::string> all;
      for (const auto& [name, table] : tables) all.push_back(name);
      ARROW_ASSIGN_OR_RAISE(const auto matching, Matching(std::move(all), {NameMatch::Operator::kMatches, {source.name}}));
      names.insert(matching.begin(), matching.end());
    }
    std::vector<TableSnapshotPtr> found;
    for (const std::string& name : names) found.push_back(tables.at(name));
    return found;
  }

  static std::vector<std::string> TagsOf(const TableSnapshot& table) {
    std::vector<std::string> names;
    for (const size_t tag : table.schema->tags()) names.push_back((*table.schema)[tag].name);
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<std::vector<std::string>> Matching(std::vector<std::string> names, const NameMatch& match) {
    using Operator = NameMatch::Operator;
    if (match.op == Operator::kMatches || match.op == Operator::kNotMatches) return MatchingRegex(names, match);
    std::erase_if(names, [&](const std::string& name) {
      const bool named = std::find(match.names.begin(), match.names.end(), name) != match.names.end();
      return named == (match.op == Operator::kNotEqual);
    });
    return names;
  }

  /// By the query engine: it has InfluxDB's kind of regular expressions, whose time does not explode.
  Result<std::vector<std::string>> MatchingRegex(const std::vector<std::string>& names, const NameMatch& match) {
    std::vector<std::string> texts, matching;
    for (const std::string& name : names) texts.push_back(SqlText(name));
    if (texts.empty()) return matching;
    const bool wanted = match.op == NameMatch::Operator::kMatches;
    const std::string sql =
        fmt::format("SELECT name FROM (SELECT unnest([{}]) AS name) WHERE {}regexp_matches(name, {}) ORDER BY name",
                    Joined(texts, ", "), wanted ? "" : "NOT ", SqlText(match.names[0]));
    ARROW_RETURN_NOT_OK(Select(
        sql, [&](const arrow::RecordBatch& batch, int64_t row) { matching.emplace_back(TextAt(*batch.column(0), row)); }));
    return matching;
  }

  Result<std::string> WhereClause(const TableSnapshot& table) const {
    if (statement_.condition == nullptr) return std::string("true");
    return ConditionToSql(*statement_.condition, *table.schema, WallNanos());
  }

  template <typename Visit>
  Status Select(std::string sql, Visit visit) {
    QueryRequest request;
    request.sql = std::move(sql);
    request.database = database_;
    ARROW_ASSIGN_OR_RAISE(const auto stream, engine_->Execute(request, cancel_));
    while (true) {
      ARROW_ASSIGN_OR_RAISE(const auto batch, stream->Next());
      if (batch == nullptr) return Status::OK();
      values_ += static_cast<size_t>(batch->num_rows());
      if (values_ > kValuesMax) return Errorf(ErrorKind::kTooLarge, "the answer has more than {} values", kValuesMax);
      for (int64_t row = 0; row < batch->num_rows(); ++row) visit(*batch, row);
    }
  }

  SeriesList Limited(SeriesList list) const {
    for (Series& series : list) {
      auto& values = series.values;
      const auto skipped = std::min<size_t>(values.size(), static_cast<size_t>(std::max<int64_t>(statement_.offset, 0)));
      values.erase(values.begin(), values.begin() + static_cast<ptrdiff_t>(skipped));
      if (statement_.limit && *statement_.limit > 0 && values.size() > static_cast<size_t>(*statement_.limit)) {
        values.resize(static_cast<size_t>(*statement_.limit));
      }
    }
    std::erase_if(list, [](const Series& series) { return series.values.empty(); });
    return list;
  }

  Lake* const lake_;
  QueryEngine* const engine_;
  const Statement& statement_;
  std::string database_;
  const QueryCancel cancel_;
  size_t values_ = 0;
};

}  // namespace

std::string InfluxQlExecutor::Run(const Statement& statement, size_t statement_id, const std::string& database,
                                  bool read_only, QueryCancel cancel) {
  const std::string& chosen = statement.database.empty() ? database : statement.database;
  const Result<SeriesList> result = StatementRun(lake_, engine_, statement, chosen, std::move(cancel)).Execute();
  JsonWriter json;
  json.BeginObject().Key("statement_id").Unsigned(statement_id);
  if (!result.ok()) {
    json.Key("error").String(ClientMessage(result.status()));
  } else if (!result->empty()) {
    json.Key("series").BeginArray();
    for (const Series& series : *result) WriteSeries(series, &json);
    json.EndArray();
  }
  if (read_only && statement.Changes()) {
    json.Key("messages")
        .BeginArray()
        .BeginObject()
        .Key("level")
        .String("warning")
        .Key("text")
        .String(
            fmt::format("deprecated use of '{}' in a read only context, please use a POST request instead", statement.text));
    json.EndObject().EndArray();
  }
  json.EndObject();
  return json.Take();
}

}  // namespace gigapi::influx
