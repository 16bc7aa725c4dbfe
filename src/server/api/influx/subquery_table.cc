#include "server/api/influx/subquery_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "server/api/influx/influxql_token_reader.h"
#include "server/sql_text.h"

namespace gigapi::influx {
namespace {

ColumnType ColumnTypeOf(ValueType type) {
  switch (type) {
    case ValueType::kInt64: return ColumnType::kInt64;
    case ValueType::kUInt64: return ColumnType::kUInt64;
    case ValueType::kBool: return ColumnType::kBool;
    case ValueType::kText: return ColumnType::kString;
    case ValueType::kNull:
    case ValueType::kDouble: break;
  }
  return ColumnType::kFloat64;
}

std::string_view SqlTypeOf(ValueType type) {
  switch (type) {
    case ValueType::kInt64: return "BIGINT";
    case ValueType::kUInt64: return "UBIGINT";
    case ValueType::kBool: return "BOOLEAN";
    case ValueType::kText: return "VARCHAR";
    case ValueType::kNull:
    case ValueType::kDouble: break;
  }
  return "DOUBLE";
}

/// In its SQL the columns are t0, t1... (tags), n (time) and c0, c1... (values); after Compute v0, v1... stand for the
/// latter.
class Writer {
 public:
  Writer(const SelectPlan& plan, const std::vector<ValueType>& types) : plan_(plan), types_(types) {
    for (size_t i = 0; i < plan.tags.size(); ++i) tags_.push_back(fmt::format("t{}", i));
    for (size_t i = 0; i < types.size(); ++i) inputs_.push_back(fmt::format("c{}", i));
  }

  Result<SubqueryTable> Write() {
    std::vector<std::string> names = tags_;
    names.emplace_back("n");
    names.insert(names.end(), inputs_.begin(), inputs_.end());
    sql_ = fmt::format("(SELECT * FROM ({}) AS q({}))", plan_.sql, fmt::join(names, ", "));
    if (plan_.fill != Fill::kNone) ARROW_RETURN_NOT_OK(FillGaps());
    ARROW_RETURN_NOT_OK(Compute());
    if (plan_.limit > 0 || plan_.offset > 0) Limit();
    return Finish();
  }

 private:
  std::string Partition() const {
    return tags_.empty() ? std::string() : fmt::format("PARTITION BY {} ", fmt::join(tags_, ", "));
  }
  std::string TagList() const { return tags_.empty() ? std::string() : fmt::format("{}, ", fmt::join(tags_, ", ")); }

  /// Every series has a row for every interval.
  Status FillGaps() {
    if (plan_.fill == Fill::kLinear) return Unsupported("fill(linear) in a subquery");
    if (!plan_.first_ns || !plan_.last_ns) return Unsupported("fill() in a subquery without a lower bound of time");
    if (plan_.zone_is_local) return Unsupported("fill() in a subquery with tz()");
    const std::string series = tags_.empty() ? "(SELECT 1 WHERE EXISTS (SELECT 1 FROM rows))"
                                             : fmt::format("(SELECT DISTINCT {} FROM rows)", fmt::join(tags_, ", "));
    const std::string intervals = fmt::format("(SELECT unnest(generate_series({}, {}, {})) AS n)", *plan_.first_ns,
                                              *plan_.last_ns, plan_.grid->width_ns());
    std::string values;
    for (size_t i = 0; i < inputs_.size(); ++i) values += ", " + Filled(i);
    std::string keys = TagList() + "n";
    sql_ =
        fmt::format("(WITH rows AS {} SELECT {}{} FROM {} AS series CROSS JOIN {} AS intervals LEFT JOIN rows USING ({}))",
                    sql_, keys, values, series, intervals, keys);
    return Status::OK();
  }

  std::string Filled(size_t value) const {
    const std::string& name = inputs_[value];
    if (plan_.fill == Fill::kNumber) {
      return fmt::format("coalesce({0}, CAST({1} AS {2})) AS {0}", name, plan_.fill_number, SqlTypeOf(types_[value]));
    }
    if (plan_.fill == Fill::kPrevious) {
      return fmt::format("last_value({0} IGNORE NULLS) OVER ({1}ORDER BY n {2}ROWS UNBOUNDED PRECEDING) AS {0}", name,
                         Partition(), plan_.descending ? "DESC " : "");
    }
    return plan_.is_count[value] ? fmt::format("coalesce({0}, 0) AS {0}", name) : name;
  }

  Status Compute() {
    const std::string window = fmt::format("{}ORDER BY n{}", Partition(), plan_.descending ? " DESC" : "");
    std::string values, any;
    for (size_t i = 0; i < plan_.columns.size(); ++i) {
      ARROW_ASSIGN_OR_RAISE(const std::string value, plan_.columns[i].value->ToSql(inputs_, types_, window));
      values += fmt::format(", {} AS v{}", value, i);
      any += fmt::format("{}v{} IS NOT NULL", any.empty() ? "" : " OR ", i);
    }
    sql_ = fmt::format("(SELECT {}n{} FROM {})", TagList(), values, sql_);
    if (plan_.drop_empty) sql_ = fmt::format("(SELECT * FROM {} WHERE {})", sql_, any);
    return Status::OK();
  }

  void Limit() {
    const std::string end = plan_.limit > 0 ? fmt::format(" AND r <= {}", plan_.offset + plan_.limit) : std::string();
    sql_ = fmt::format("(SELECT * FROM (SELECT *, row_number() OVER ({}ORDER BY n{}) AS r FROM {}) WHERE r > {}{})",
                       Partition(), plan_.descending ? " DESC" : "", sql_, plan_.offset, end);
  }

  Result<SubqueryTable> Finish() {
    std::vector<ColumnSchema> columns;
    std::string list;
    for (size_t i = 0; i < tags_.size(); ++i) {
      list += fmt::format("{} AS {}, ", tags_[i], SqlName(plan_.tags[i]));
      columns.push_back({plan_.tags[i], ColumnType::kTag});
    }
    list += "make_timestamp_ns(n) AS \"time\"";
    for (size_t i = 0; i < plan_.columns.size(); ++i) {
      const PlannedColumn& column = plan_.columns[i];
      // A tag that is selected too is there already.
      if (std::find(plan_.tags.begin(), plan_.tags.end(), column.name) != plan_.tags.end()) continue;
      const ValueType type = column.value->TypeOver(types_);
      list += fmt::format(", CAST(v{} AS {}) AS {}", i, SqlTypeOf(type), SqlName(column.name));
      columns.push_back({column.name, ColumnTypeOf(type)});
    }
    return SubqueryTable{fmt::format("(SELECT {} FROM {})", list, sql_), TableSchema(std::move(columns))};
  }

  const SelectPlan& plan_;
  const std::vector<ValueType>& types_;
  std::vector<std::string> tags_;
  std::vector<std::string> inputs_;
  std::string sql_;
};

}  // namespace

Result<SubqueryTable> TableOfSubquery(const SelectPlan& plan, const std::vector<ValueType>& types) {
  return Writer(plan, types).Write();
}

}  // namespace gigapi::influx
