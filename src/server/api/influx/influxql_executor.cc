#include "server/api/influx/influxql_executor.h"

#include <arrow/array.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/clock.h"
#include "base/json_writer.h"
#include "model/names.h"
#include "server/api/influx/influxql_condition.h"
#include "server/api/influx/measurement_finder.h"
#include "server/error_table.h"
#include "server/sql_text.h"

namespace gigapi::influx {
namespace {

using Cell = ListedCell;
using Series = ListedSeries;
using SeriesList = std::vector<ListedSeries>;

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

std::string Joined(const std::vector<std::string>& texts, std::string_view separator) {
  return fmt::format("{}", fmt::join(texts, separator));
}

/// Runs one statement.
class StatementRun {
 public:
  StatementRun(Lake* lake, QueryEngine* engine, const Statement& statement, std::string database, QueryCancel cancel)
      : lake_(lake), statement_(statement), finder_(lake, engine, std::move(database), std::move(cancel)) {}

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
      case Statement::Kind::kSelect: break;  // select_run.h
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
    ARROW_RETURN_NOT_OK(finder_.FindDatabase().status());
    return NoSeries(lake_->DropTable(finder_.database(), statement_.name));
  }

  Result<SeriesList> ShowDatabases() {
    Series series{"databases", {"name"}, {}};
    const LakeSnapshotPtr snapshot = lake_->Snapshot();  // holds what the loop walks over
    for (const auto& [name, tables] : snapshot->databases) series.values.push_back({name});
    return SeriesList{std::move(series)};
  }

  Result<SeriesList> ShowRetentionPolicies() {
    ARROW_RETURN_NOT_OK(finder_.FindDatabase().status());
    Series series{"", {"name", "duration", "shardGroupDuration", "replicaN", "default"}, {}};
    series.values.push_back({std::string("autogen"), std::string("0s"), std::string("168h0m0s"), int64_t{1}, true});
    return SeriesList{std::move(series)};
  }

  Result<SeriesList> ShowMeasurements() {
    if (finder_.database().empty()) return Error(ErrorKind::kInvalidArgument, "database name required");
    const Result<Tables> tables = finder_.FindDatabase();
    if (!tables.ok()) return SeriesList{};  // as InfluxDB, which asks each shard and finds none
    std::vector<std::string> names;
    for (const auto& [name, table] : *tables) {
      ARROW_ASSIGN_OR_RAISE(const bool wanted, HasRows(*table));
      if (wanted) names.push_back(name);
    }
    if (statement_.with) {
      ARROW_ASSIGN_OR_RAISE(names, finder_.Matching(std::move(names), *statement_.with));
    }
    Series series{"measurements", {"name"}, {}};
    for (std::string& name : names) series.values.push_back({std::move(name)});
    return Limited({std::move(series)});
  }

  Result<SeriesList> ShowFieldKeys() {
    ARROW_ASSIGN_OR_RAISE(const auto tables, finder_.FindSources(statement_.sources));
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
    ARROW_ASSIGN_OR_RAISE(const auto tables, finder_.FindSources(statement_.sources));
    SeriesList list;
    for (const TableSnapshotPtr& table : tables) {
      Series series{table->table, {"tagKey"}, {}};
      ARROW_ASSIGN_OR_RAISE(auto names, UsedTagsOf(*table));
      for (std::string& name : names) series.values.push_back({std::move(name)});
      if (!series.values.empty()) list.push_back(std::move(series));
    }
    return Limited(std::move(list));
  }

  Result<SeriesList> ShowTagValues() {
    ARROW_ASSIGN_OR_RAISE(const auto tables, finder_.FindSources(statement_.sources));
    SeriesList list;
    for (const TableSnapshotPtr& table : tables) {
      Series series{table->table, {"key", "value"}, {}};
      ARROW_ASSIGN_OR_RAISE(const auto keys, finder_.Matching(TagsOf(*table), *statement_.with));
      for (const std::string& key : keys) {
        ARROW_ASSIGN_OR_RAISE(const std::string where, WhereClause(*table));
        const std::string sql = fmt::format("SELECT DISTINCT {0} AS v FROM {1} WHERE {0} <> '' AND {2} ORDER BY v",
                                            SqlName(key), SqlName(table->table), where);
        ARROW_RETURN_NOT_OK(finder_.Select(sql, [&](const arrow::RecordBatch& batch, int64_t row) {
          series.values.push_back({key, std::string(TextAt(*batch.column(0), row))});
        }));
      }
      if (!series.values.empty()) list.push_back(std::move(series));
    }
    return Limited(std::move(list));
  }

  Result<SeriesList> ShowSeries() {
    ARROW_ASSIGN_OR_RAISE(const auto tables, finder_.FindSources(statement_.sources));
    Series series{"", {"key"}, {}};
    for (const TableSnapshotPtr& table : tables) {
      const std::vector<std::string> tags = TagsOf(*table);
      ARROW_ASSIGN_OR_RAISE(const std::string where, WhereClause(*table));
      std::vector<std::string> columns;
      for (const std::string& tag : tags) columns.push_back(SqlName(tag));
      if (columns.empty()) columns.emplace_back("1");
      const std::string sql =
          fmt::format("SELECT DISTINCT {} FROM {} WHERE {}", Joined(columns, ", "), SqlName(table->table), where);
      ARROW_RETURN_NOT_OK(finder_.Select(sql, [&](const arrow::RecordBatch& batch, int64_t row) {
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

  static std::vector<std::string> TagsOf(const TableSnapshot& table) {
    std::vector<std::string> names;
    for (const size_t tag : table.schema->tags()) names.push_back((*table.schema)[tag].name);
    std::sort(names.begin(), names.end());
    return names;
  }

  /// Whether the condition leaves a row of the table; true where there is none.
  Result<bool> HasRows(const TableSnapshot& table) const {
    if (statement_.condition == nullptr) return true;
    ARROW_ASSIGN_OR_RAISE(const std::string where, WhereClause(table));
    const std::string sql = fmt::format("SELECT 1 FROM {} WHERE {} LIMIT 1", SqlName(table.table), where);
    bool any = false;
    ARROW_RETURN_NOT_OK(finder_.Select(sql, [&](const arrow::RecordBatch&, int64_t) { any = true; }));
    return any;
  }

  /// The table's tags that have a value in a row of the condition; all where there is none.
  Result<std::vector<std::string>> UsedTagsOf(const TableSnapshot& table) const {
    const std::vector<std::string> tags = TagsOf(table);
    if (statement_.condition == nullptr || tags.empty()) return tags;
    ARROW_ASSIGN_OR_RAISE(const std::string where, WhereClause(table));
    std::vector<std::string> columns;
    for (const std::string& tag : tags) columns.push_back(fmt::format("coalesce(bool_or({} <> ''), false)", SqlName(tag)));
    const std::string sql = fmt::format("SELECT {} FROM {} WHERE {}", Joined(columns, ", "), SqlName(table.table), where);
    std::vector<std::string> used;
    ARROW_RETURN_NOT_OK(finder_.Select(sql, [&](const arrow::RecordBatch& batch, int64_t row) {
      for (size_t i = 0; i < tags.size(); ++i) {
        const auto& has_value = static_cast<const arrow::BooleanArray&>(*batch.column(static_cast<int>(i)));
        if (has_value.Value(row)) used.push_back(tags[i]);
      }
    }));
    return used;
  }

  Result<std::string> WhereClause(const TableSnapshot& table) const {
    if (statement_.condition == nullptr) return std::string("true");
    return ConditionToSql(*statement_.condition, *table.schema, WallNanos());
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
  const Statement& statement_;
  MeasurementFinder finder_;
};

}  // namespace

Result<std::vector<ListedSeries>> InfluxQlExecutor::Execute(const Statement& statement, const std::string& database,
                                                            QueryCancel cancel) {
  const std::string& chosen = statement.database.empty() ? database : statement.database;
  return StatementRun(lake_, engine_, statement, chosen, std::move(cancel)).Execute();
}

std::string InfluxQlExecutor::Run(const Statement& statement, size_t statement_id, const std::string& database,
                                  bool read_only, QueryCancel cancel) {
  const Result<SeriesList> result = Execute(statement, database, std::move(cancel));
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
