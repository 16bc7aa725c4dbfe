#include "server/api/influx/select_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/clock.h"
#include "server/api/influx/influxql_condition.h"
#include "server/api/influx/influxql_functions.h"
#include "server/api/influx/influxql_subquery.h"
#include "server/api/influx/influxql_token_reader.h"
#include "server/api/influx/select_fields.h"
#include "server/api/influx/select_rows.h"
#include "server/sql_text.h"

namespace gigapi::influx {
namespace {

using Kind = Expression::Kind;

constexpr std::string_view kNoValue = "CAST(NULL AS DOUBLE)";

/// More intervals than that in one series are a mistake.
constexpr int64_t kIntervalsMax = 1'000'000;
constexpr int64_t kWidthMaxNs = int64_t{100} * 365 * 24 * kNanosPerHour;

std::optional<FunctionKind> KindOfCall(const Expression& node) {
  return node.kind == Kind::kCall ? KindOfFunction(node.text) : std::nullopt;
}

/// Whether a function of a kind is somewhere in it.
bool Has(const Expression& node, FunctionKind kind) {
  if (KindOfCall(node) == kind) return true;
  for (const Expression* child : {node.left.get(), node.right.get()}) {
    if (child != nullptr && Has(*child, kind)) return true;
  }
  return std::any_of(node.arguments.begin(), node.arguments.end(), [&](const auto& a) { return Has(*a, kind); });
}

Status CheckCalls(const Expression& node) {
  if (node.kind == Kind::kCall && !KindOfFunction(node.text)) return Unsupported(node.text + "()");
  for (const Expression* child : {node.left.get(), node.right.get()}) {
    if (child != nullptr) ARROW_RETURN_NOT_OK(CheckCalls(*child));
  }
  for (const ExpressionPtr& argument : node.arguments) ARROW_RETURN_NOT_OK(CheckCalls(*argument));
  return Status::OK();
}

class Planner {
 public:
  Planner(const Statement& statement, const SelectContext& context)
      : statement_(statement), select_(*statement.select), context_(context) {}

  Result<std::optional<SelectPlan>> Plan() {
    ARROW_ASSIGN_OR_RAISE(plan_.tags, GroupedTags());
    ARROW_ASSIGN_OR_RAISE(auto fields, SpellOutFields(select_, context_, plan_.tags));
    for (const NamedField& field : fields) ARROW_RETURN_NOT_OK(CheckCalls(*field.expression));
    const auto has = [&](FunctionKind kind) {
      return std::any_of(fields.begin(), fields.end(), [&](const auto& f) { return Has(*f.expression, kind); });
    };
    aggregated_ = has(FunctionKind::kAggregate) || has(FunctionKind::kSelector) || has(FunctionKind::kIntegral);
    ranked_ = has(FunctionKind::kRanking);
    plan_.drop_empty = has(FunctionKind::kTransform);
    ARROW_RETURN_NOT_OK(ReadTimes());
    ARROW_RETURN_NOT_OK(ReadRows());
    if (ranked_) ARROW_RETURN_NOT_OK(Rank(&fields));
    if (has(FunctionKind::kIntegral)) return Integral(fields);
    ARROW_RETURN_NOT_OK(FindSelector(fields));
    for (const NamedField& field : fields) {
      ARROW_ASSIGN_OR_RAISE(auto value, Computation(*field.expression));
      plan_.columns.push_back({field.name, std::move(value)});
    }
    if (distinct_ && values_.size() > 1) {
      return Error(ErrorKind::kInvalidArgument,
                   "aggregate function distinct() cannot be combined with other functions or fields");
    }
    return Finish();
  }

 private:
  Result<std::optional<SelectPlan>> Finish() {
    if (inputs_.empty()) return std::nullopt;  // tags alone, or no field that the measurement has
    if (aggregated_ && select_.group_by.width_ns == 0) time_ = selector_ != nullptr ? SelectedTime() : RangeStart();
    WriteSql();
    return std::optional<SelectPlan>(std::move(plan_));
  }

  // ---- GROUP BY and time ----

  Result<std::vector<std::string>> GroupedTags() const {
    const GroupBy& group_by = select_.group_by;
    std::vector<std::string> all, tags = group_by.tags;
    for (const size_t tag : context_.schema->tags()) all.push_back((*context_.schema)[tag].name);
    if (group_by.all_tags) tags.insert(tags.end(), all.begin(), all.end());
    for (const std::string& pattern : group_by.tag_patterns) {
      ARROW_ASSIGN_OR_RAISE(const auto matching, context_.match(all, pattern));
      tags.insert(tags.end(), matching.begin(), matching.end());
    }
    std::sort(tags.begin(), tags.end());
    tags.erase(std::unique(tags.begin(), tags.end()), tags.end());
    return tags;
  }

  Status ReadTimes() {
    ARROW_ASSIGN_OR_RAISE(range_, TimeRangeOf(statement_.condition.get(), context_.now_ns));
    plan_.descending = select_.descending;
    plan_.offset = statement_.offset;
    plan_.limit = std::min(statement_.limit.value_or(0), INT64_MAX - plan_.offset);  // both are added up
    const int64_t width = select_.group_by.width_ns;
    if (width == 0) return Status::OK();
    if (!aggregated_ && !ranked_) {
      if (select_.group_by.width_is_inherited) return Status::OK();
      return Error(ErrorKind::kInvalidArgument, "GROUP BY requires at least one aggregate function");
    }
    int64_t offset = 0;
    if (select_.group_by.offset != nullptr) {
      ARROW_ASSIGN_OR_RAISE(offset, EvaluateNanos(*select_.group_by.offset, context_.now_ns));
    }
    if (width > kWidthMaxNs) return Error(ErrorKind::kInvalidArgument, "GROUP BY time() is wider than 100 years");
    if (context_.zone != nullptr && !range_.from) return Unsupported("GROUP BY time() with tz() and no lower bound of time");
    plan_.last_ns = range_.to.value_or(context_.now_ns);
    grid_ = std::make_shared<const IntervalGrid>(width, offset, context_.zone, range_.from.value_or(0), *plan_.last_ns);
    if (!aggregated_) return Status::OK();  // rows that are chosen keep their times
    time_ = grid_->StartSql("epoch_ns(\"time\")");
    plan_.grid = grid_;
    plan_.zone_is_local = context_.zone != nullptr;
    plan_.fill = select_.fill;
    plan_.fill_number = select_.fill_number;
    plan_.last_ns = grid_->StartOf(*plan_.last_ns);
    if (range_.from) plan_.first_ns = grid_->StartOf(*range_.from);
    if (range_.from && plan_.fill != Fill::kNone &&
        (static_cast<double>(*plan_.last_ns) - static_cast<double>(*plan_.first_ns)) / static_cast<double>(width) >
            kIntervalsMax) {
      return Errorf(ErrorKind::kInvalidArgument, "GROUP BY time() makes more than {} intervals", kIntervalsMax);
    }
    return Status::OK();
  }

  std::string RangeStart() const { return fmt::format("CAST({} AS BIGINT)", range_.from.value_or(0)); }

  Status ReadRows() {
    rows_.from = context_.from.empty() ? SqlName(context_.database) + "." + SqlName(context_.table) : context_.from;
    rows_.where = "true";
    const bool of_subquery = !context_.from.empty();
    const ExpressionPtr rest = of_subquery ? WithoutTimeBounds(statement_.condition.get()) : nullptr;
    const Expression* const condition = of_subquery ? rest.get() : statement_.condition.get();
    if (condition != nullptr) {
      ARROW_ASSIGN_OR_RAISE(rows_.where, ConditionToSql(*condition, *context_.schema, context_.now_ns));
    }
    // As in InfluxDB: intervals end with the present where nothing else is said.
    if (grid_ != nullptr && !range_.to) rows_.where += fmt::format(" AND \"time\" <= {}", context_.now_ns);
    return Status::OK();
  }

  // ---- functions that make rows of their own ----

  Status ReadRowsOf(const Expression& call) {
    const Expression& field = *call.arguments[0];
    if (field.kind != Kind::kName) return Errorf(ErrorKind::kInvalidArgument, "expected field argument in {}()", call.text);
    const auto column = context_.schema->Find(field.text);
    const bool is_field = column && (*context_.schema)[*column].type != ColumnType::kTag;
    rows_.field = is_field ? SqlName(field.text) : std::string(kNoValue);
    if (is_field) ARROW_RETURN_NOT_OK(CheckInput(call.text, (*context_.schema)[*column].type));
    for (const std::string& tag : plan_.tags) {
      if (IsTag(tag)) rows_.tags.push_back(SqlName(tag));
    }
    if (grid_ != nullptr) rows_.interval = [grid = grid_](const std::string& nanos) { return grid->StartSql(nanos); };
    return Status::OK();
  }

  bool IsTag(const std::string& name) const {
    const auto column = context_.schema->Find(name);
    return column && (*context_.schema)[*column].type == ColumnType::kTag;
  }

  /// top(field, tag..., N) becomes the field, and the tags, of rows that are chosen in FROM.
  Status Rank(std::vector<NamedField>* fields) {
    const auto is_ranking = [](const NamedField& f) { return KindOfCall(*f.expression) == FunctionKind::kRanking; };
    const auto found = std::find_if(fields->begin(), fields->end(), is_ranking);
    const bool other = std::any_of(fields->begin(), fields->end(),
                                   [&](const NamedField& f) { return !is_ranking(f) && f.expression->kind != Kind::kName; });
    if (found == fields->end()) return Error(ErrorKind::kUnsupported, "arithmetic with top() and bottom() is not supported");
    const Expression& call = *found->expression;
    if (aggregated_ || other || std::count_if(fields->begin(), fields->end(), is_ranking) > 1) {
      return Errorf(ErrorKind::kInvalidArgument, "selector function {}() cannot be combined with other functions",
                    call.text);
    }
    if (call.arguments.size() < 2) {
      return Errorf(ErrorKind::kInvalidArgument, "invalid number of arguments for {}, expected at least 2, got {}",
                    call.text, call.arguments.size());
    }
    const Expression& count = *call.arguments.back();
    if (count.kind != Kind::kInteger || count.integer < 1) {
      return Errorf(ErrorKind::kInvalidArgument, "limit ({}) in {} function must be at least 1", count.text, call.text);
    }
    ARROW_RETURN_NOT_OK(ReadRowsOf(call));
    Ranking ranking{call.text == "top", std::to_string(count.integer), {}};
    std::vector<NamedField> tags;
    for (size_t i = 1; i + 1 < call.arguments.size(); ++i) {
      const Expression& tag = *call.arguments[i];
      if (tag.kind != Kind::kName || !IsTag(tag.text)) {
        return Errorf(ErrorKind::kInvalidArgument, "only tags are allowed between field and limit of {}()", call.text);
      }
      ranking.distinct.push_back(SqlName(tag.text));
      tags.push_back({Clone(tag), tag.text});
    }
    rows_.from = RankedRows(rows_, ranking);
    rows_.where = "true";
    found->expression = Clone(*call.arguments[0]);
    fields->insert(std::next(found), std::make_move_iterator(tags.begin()), std::make_move_iterator(tags.end()));
    return Status::OK();
  }

  Result<std::optional<SelectPlan>> Integral(const std::vector<NamedField>& fields) {
    const Expression& call = *fields[0].expression;
    if (fields.size() > 1 || KindOfCall(call) != FunctionKind::kIntegral) {
      return Unsupported("integral() with other functions or fields");
    }
    if (call.arguments.empty() || call.arguments.size() > 2) {
      return Error(ErrorKind::kInvalidArgument,
                   "invalid number of arguments for integral, expected at least 1 but no more than 2");
    }
    int64_t unit_ns = kNanosPerSecond;
    if (call.arguments.size() == 2) {
      const Expression& unit = *call.arguments[1];
      if (unit.kind != Kind::kDuration || unit.integer <= 0) {
        return Error(ErrorKind::kInvalidArgument, "second argument must be a duration");
      }
      unit_ns = unit.integer;
    }
    ARROW_RETURN_NOT_OK(ReadRowsOf(call));
    if (rows_.field == kNoValue) return std::nullopt;
    rows_.from = AreaPieces(rows_, select_.group_by.width_ns, unit_ns);
    rows_.where = "true";
    inputs_.emplace_back(kAreaColumn);
    plan_.columns.push_back({fields[0].name, Column(fmt::format("sum({})", kAreaColumn), /*is_count=*/false)});
    return Finish();
  }

  // ---- selectors ----

  /// A selector that is the only function without GROUP BY time(): its row's time and other columns are the answer's.
  Status FindSelector(const std::vector<NamedField>& fields) {
    const Expression* only = nullptr;
    size_t calls = 0, bare = 0;
    for (const NamedField& field : fields) {
      const bool call = Has(*field.expression, FunctionKind::kAggregate) || Has(*field.expression, FunctionKind::kSelector);
      ++(call ? calls : bare);
      if (KindOfCall(*field.expression) == FunctionKind::kSelector) only = field.expression.get();
    }
    const bool single = calls == 1 && only != nullptr;
    if (aggregated_ && bare > 0 && !single) {
      return Error(ErrorKind::kInvalidArgument, "mixing aggregate and non-aggregate queries is not supported");
    }
    if (single && (select_.group_by.width_ns == 0 || bare > 0)) selector_ = only;
    return Status::OK();
  }

  std::string SelectedTime() const {
    const Result<FunctionInput> input = Input(*selector_);
    return fmt::format("epoch_ns({})", SelectedTimeSql(selector_->text, *input));
  }

  // ---- values ----

  std::unique_ptr<SeriesComputation> Column(std::string sql, bool is_count) {
    const auto found = std::find(values_.begin(), values_.end(), sql);
    const auto at = static_cast<size_t>(found - values_.begin());
    if (found == values_.end()) {
      values_.push_back(std::move(sql));
      plan_.is_count.push_back(is_count);
    }
    return SeriesComputation::Column(at);
  }

  Result<std::unique_ptr<SeriesComputation>> Computation(const Expression& node) {
    if (!Has(node, FunctionKind::kTransform)) {
      ARROW_ASSIGN_OR_RAISE(std::string sql, Sql(node));
      return Column(std::move(sql), node.kind == Kind::kCall && node.text == "count");
    }
    if (node.kind == Kind::kCall && KindOfCall(node) != FunctionKind::kTransform) {
      return Unsupported(fmt::format("{}() around {}", node.text, "derivatives and their like"));
    }
    if (node.kind == Kind::kCall) return Transform(node);
    if (std::string_view("+-*/%").find(node.text) == std::string_view::npos) {
      return Unsupported(fmt::format("{} with derivatives and their like", node.text));
    }
    ARROW_ASSIGN_OR_RAISE(auto left, Side(*node.left));
    ARROW_ASSIGN_OR_RAISE(auto right, Side(*node.right));
    return SeriesComputation::Arithmetic(node.text, std::move(left), std::move(right));
  }

  Result<std::unique_ptr<SeriesComputation>> Side(const Expression& node) {
    if (node.kind != Kind::kInteger && node.kind != Kind::kNumber) return Computation(node);
    double number = 0;
    std::from_chars(node.text.data(), node.text.data() + node.text.size(), number);
    return SeriesComputation::Number(number);
  }

  Result<std::unique_ptr<SeriesComputation>> Transform(const Expression& node) {
    if (node.arguments.empty() || node.arguments.size() > 2) {
      return Errorf(ErrorKind::kInvalidArgument,
                    "invalid number of arguments for {}, expected at least 1 but no more than 2", node.text);
    }
    // As in InfluxDB a derivative is per second, or per interval of what it is made of.
    const bool nested = node.arguments[0]->kind == Kind::kCall;
    int64_t parameter = nested && select_.group_by.width_ns > 0 ? select_.group_by.width_ns : kNanosPerSecond;
    if (node.text == "elapsed") parameter = 1;
    if (node.arguments.size() == 2) {
      const Expression& given = *node.arguments[1];
      const Kind wanted = node.text == "moving_average" ? Kind::kInteger : Kind::kDuration;
      if (given.kind != wanted || given.integer <= 0) {
        return Errorf(ErrorKind::kInvalidArgument, "second argument to {} must be a {}", node.text,
                      wanted == Kind::kInteger ? "positive integer" : "duration");
      }
      parameter = given.integer;
    } else if (node.text == "moving_average") {
      return Error(ErrorKind::kInvalidArgument, "invalid number of arguments for moving_average, expected 2, got 1");
    }
    ARROW_ASSIGN_OR_RAISE(auto input, Computation(*node.arguments[0]));
    return SeriesComputation::Transform(node.text, parameter, std::move(input));
  }

  // ---- SQL ----

  Result<std::string> Sql(const Expression& node) {
    switch (node.kind) {
      case Kind::kName: return NameSql(node);
      case Kind::kInteger:
      case Kind::kNumber: return node.text;
      case Kind::kString: return SqlText(node.text);
      case Kind::kBool: return std::string(node.integer != 0 ? "true" : "false");
      case Kind::kCall: return CallSql(node);
      case Kind::kBinary: return ArithmeticSql(node);
      default: return Error(ErrorKind::kInvalidArgument, "this cannot be selected");
    }
  }

  /// A column as it is, or that of the row that the selector chose.
  Result<std::string> NameSql(const Expression& node) {
    const auto column = context_.schema->Find(node.text);
    if (!column) return std::string(kNoValue);
    std::string sql = SqlName(node.text);
    if (selector_ != nullptr) {
      ARROW_ASSIGN_OR_RAISE(const FunctionInput input, Input(*selector_));
      return SelectedColumnSql(selector_->text, input, sql);
    }
    if ((*context_.schema)[*column].type != ColumnType::kTag) inputs_.push_back(sql);
    return sql;
  }

  Result<std::string> CallSql(const Expression& node) {
    if (*KindOfFunction(node.text) == FunctionKind::kScalar) {
      std::vector<std::string> arguments;
      for (const ExpressionPtr& argument : node.arguments) {
        ARROW_ASSIGN_OR_RAISE(arguments.emplace_back(), Sql(*argument));
      }
      return ScalarSql(node.text, arguments);
    }
    ARROW_ASSIGN_OR_RAISE(const FunctionInput input, Input(node));
    if (input.type) inputs_.push_back(input.sql);
    if (node.text == "distinct") distinct_ = true;
    const bool of_distinct = node.arguments[0]->kind == Kind::kCall;
    if (of_distinct) return fmt::format("count(DISTINCT {})", input.sql);
    return AggregateSql(node.text, input);
  }

  /// The field in an aggregate's parentheses.
  Result<FunctionInput> Input(const Expression& call) const {
    const size_t wanted = call.text == "percentile" ? 2 : 1;
    if (call.arguments.size() != wanted) {
      return Errorf(ErrorKind::kInvalidArgument, "invalid number of arguments for {}, expected {}, got {}", call.text,
                    wanted, call.arguments.size());
    }
    FunctionInput input;
    const Expression* field = call.arguments[0].get();
    if (call.text == "count" && field->kind == Kind::kCall && field->text == "distinct" && field->arguments.size() == 1) {
      field = field->arguments[0].get();
    }
    if (field->kind != Kind::kName) return Errorf(ErrorKind::kInvalidArgument, "expected field argument in {}()", call.text);
    const auto column = context_.schema->Find(field->text);
    const bool is_field = column && (*context_.schema)[*column].type != ColumnType::kTag;
    input.sql = is_field ? SqlName(field->text) : std::string(kNoValue);
    if (is_field) input.type = (*context_.schema)[*column].type;
    if (wanted == 2) {
      const Expression& n = *call.arguments[1];
      if (n.kind != Kind::kInteger && n.kind != Kind::kNumber) {
        return Errorf(ErrorKind::kInvalidArgument, "expected float argument in {}()", call.text);
      }
      input.parameter = n.text;
    }
    return input;
  }

  Result<std::string> ArithmeticSql(const Expression& node) {
    ARROW_ASSIGN_OR_RAISE(const std::string left, Sql(*node.left));
    ARROW_ASSIGN_OR_RAISE(const std::string right, Sql(*node.right));
    if (node.text == "^") return fmt::format("xor({}, {})", left, right);
    if (node.text == "/" || node.text == "%") return fmt::format("({} {} nullif({}, 0))", left, node.text, right);
    if (std::string_view("+-*&|").find(node.text) == std::string_view::npos) {
      return Error(ErrorKind::kInvalidArgument, "a comparison cannot be selected");
    }
    return fmt::format("({} {} {})", left, node.text, right);
  }

  void WriteSql() {
    std::string columns;
    for (const std::string& tag : plan_.tags) {
      columns += IsTag(tag) ? fmt::format("coalesce({}, ''), ", SqlName(tag)) : "'', ";
    }
    columns += aggregated_ ? time_ : "epoch_ns(\"time\")";
    for (const std::string& value : values_) columns += ", " + value;

    // A point without any of the fields is not there.
    std::string any;
    for (const std::string& input : inputs_) {
      const std::string there = input + " IS NOT NULL";
      if (any.find(there) == std::string::npos) any += (any.empty() ? "" : " OR ") + there;
    }
    plan_.sql = fmt::format("SELECT {} FROM {} WHERE {} AND ({})", columns, rows_.from, rows_.where, any);
    if (aggregated_) WriteGrouping();
    WriteOrder();
  }

  void WriteGrouping() {
    size_t groups = plan_.tags.size() + (plan_.grid != nullptr ? 1 : 0);
    if (distinct_) ++groups;  // the value stands right after the time
    std::string list;
    for (size_t i = 1; i <= groups; ++i) {
      const size_t position = plan_.grid == nullptr && i > plan_.tags.size() ? i + 1 : i;
      list += (list.empty() ? "" : ", ") + std::to_string(position);
    }
    if (!list.empty()) plan_.sql += " GROUP BY " + list;
    plan_.sql += " HAVING count(*) > 0";
  }

  void WriteOrder() {
    std::string order;
    for (size_t i = 1; i <= plan_.tags.size(); ++i) order += std::to_string(i) + ", ";
    order += aggregated_ ? std::to_string(plan_.tags.size() + 1) : "\"time\"";
    if (select_.descending) order += " DESC";
    if (distinct_) order += fmt::format(", {}", plan_.tags.size() + 2);
    plan_.order = " ORDER BY " + order;
    // Where the answer is one series the engine can stop early.
    if (!aggregated_ && plan_.tags.empty() && plan_.limit > 0 && !plan_.drop_empty) {
      plan_.order += fmt::format(" LIMIT {}", plan_.limit + plan_.offset);
    }
  }

  const Statement& statement_;
  const Select& select_;
  const SelectContext& context_;
  SelectPlan plan_;
  TimeRange range_;
  bool aggregated_ = false;
  bool ranked_ = false;
  bool distinct_ = false;
  RowsInput rows_;
  std::shared_ptr<const IntervalGrid> grid_;  // of GROUP BY time(); nullptr: there is none
  const Expression* selector_ = nullptr;
  std::string time_;                 // the SQL of an aggregated row's time
  std::vector<std::string> values_;  // the SQL of the values
  std::vector<std::string> inputs_;  // the fields that they are made of
};

}  // namespace

Result<std::optional<SelectPlan>> PlanSelect(const Statement& statement, const SelectContext& context) {
  return Planner(statement, context).Plan();
}

}  // namespace gigapi::influx
