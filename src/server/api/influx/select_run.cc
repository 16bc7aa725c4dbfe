#include "server/api/influx/select_run.h"

#include <arrow/array.h>
#include <arrow/util/decimal.h>

#include <algorithm>

#include "base/clock.h"
#include "ingest/time_parser.h"
#include "server/api/influx/influxql_token_reader.h"
#include "server/api/influx/subquery_table.h"
#include "server/encode/cell.h"

namespace gigapi::influx {
namespace {

SeriesValue ValueAt(const Cells& cells, int64_t row) {
  if (!cells.IsValid(row)) return {};
  switch (cells.kind) {
    case CellKind::kNull: return {};
    case CellKind::kBool: return cells.Bool(row);
    case CellKind::kInt8: return int64_t{cells.Value<int8_t>(row)};
    case CellKind::kInt16: return int64_t{cells.Value<int16_t>(row)};
    case CellKind::kInt32: return int64_t{cells.Value<int32_t>(row)};
    case CellKind::kInt64:
    case CellKind::kEpochNanos: return cells.Value<int64_t>(row);
    case CellKind::kUInt8: return uint64_t{cells.Value<uint8_t>(row)};
    case CellKind::kUInt16: return uint64_t{cells.Value<uint16_t>(row)};
    case CellKind::kUInt32: return uint64_t{cells.Value<uint32_t>(row)};
    case CellKind::kUInt64: return cells.Value<uint64_t>(row);
    case CellKind::kFloat: return double{cells.Value<float>(row)};
    case CellKind::kDouble: return cells.Value<double>(row);
    case CellKind::kString:
    case CellKind::kLargeString:
    case CellKind::kStringView: return std::string(cells.String(row));
    default: break;
  }
  // Arithmetic of SQL makes decimals of integers and literals.
  if (cells.array->type_id() == arrow::Type::DECIMAL128) {
    const auto& decimals = static_cast<const arrow::Decimal128Array&>(*cells.array);
    const auto& type = static_cast<const arrow::Decimal128Type&>(*cells.array->type());
    return arrow::Decimal128(decimals.GetValue(row)).ToDouble(type.scale());
  }
  return {};
}

void PushBatch(const arrow::RecordBatch& batch, size_t tags, SeriesRows* rows) {
  std::vector<Cells> cells;
  for (const auto& column : batch.columns()) cells.push_back(MakeCells(*column, TimeFormat::kEpochNanos));
  for (int64_t row = 0; row < batch.num_rows(); ++row) {
    std::vector<std::string> tag_values;
    for (size_t i = 0; i < tags; ++i) tag_values.emplace_back(cells[i].String(row));
    SeriesRow out{cells[tags].Value<int64_t>(row), {}};
    out.values.reserve(cells.size() - tags - 1);
    for (size_t i = tags + 1; i < cells.size(); ++i) out.values.push_back(ValueAt(cells[i], row));
    rows->Push(std::move(tag_values), std::move(out));
  }
}

ValueType TypeOf(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL: return ValueType::kBool;
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
    case arrow::Type::TIMESTAMP: return ValueType::kInt64;
    case arrow::Type::UINT8:
    case arrow::Type::UINT16:
    case arrow::Type::UINT32:
    case arrow::Type::UINT64: return ValueType::kUInt64;
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW: return ValueType::kText;
    default: return ValueType::kDouble;
  }
}

ValueType Widest(ValueType a, ValueType b) {
  if (a == b || b == ValueType::kNull) return a;
  if (a == ValueType::kNull) return b;
  const auto is_number = [](ValueType t) { return t != ValueType::kBool && t != ValueType::kText; };
  return is_number(a) && is_number(b) ? ValueType::kDouble : ValueType::kText;
}

void Merge(AnswerColumn column, std::vector<AnswerColumn>* columns) {
  const auto same = std::find_if(columns->begin(), columns->end(), [&](const auto& c) { return c.name == column.name; });
  if (same == columns->end()) columns->push_back(std::move(column));
  else if (!same->is_tag) same->type = Widest(same->type, column.type);
}

}  // namespace

SelectRun::SelectRun(Lake* lake, QueryEngine* engine, const Statement& statement, const std::string& database,
                     QueryCancel cancel, SeriesSink* sink)
    : engine_(engine),
      statement_(statement),
      cancel_(cancel),
      sink_(sink),
      finder_(lake, engine, database, std::move(cancel)),
      now_ns_(WallNanos()) {
  budget_.to_skip = statement.select->series_offset;
  if (statement.select->series_limit > 0) budget_.left = statement.select->series_limit;
}

Status SelectRun::Plan() {
  if (planned_) return Status::OK();
  ARROW_RETURN_NOT_OK(PlanInto(statement_, &plans_));
  ARROW_ASSIGN_OR_RAISE(auto zone, Zone(statement_.select->time_zone));
  if (zone != nullptr) sink_->UseZone(std::move(zone));
  planned_ = true;
  return Status::OK();
}

Result<std::shared_ptr<const ZoneTable>> SelectRun::Zone(const std::string& name) {
  if (name.empty()) return nullptr;
  if (const auto known = zones_.find(name); known != zones_.end()) return known->second;
  ARROW_ASSIGN_OR_RAISE(zones_[name], ZoneTable::Load(name, engine_, cancel_));
  return zones_[name];
}

Status SelectRun::ReadLocalTimes(Expression* node) {
  if (node == nullptr) return Status::OK();
  int64_t local_ns = 0;
  if (!node->zone.empty() && ParseTimeText(node->text, &local_ns)) {
    ARROW_ASSIGN_OR_RAISE(const auto zone, Zone(node->zone));
    node->kind = Expression::Kind::kInteger;
    node->integer = zone->InstantOf(local_ns);
    node->text = std::to_string(node->integer);
    node->zone.clear();
  }
  ARROW_RETURN_NOT_OK(ReadLocalTimes(node->left.get()));
  return ReadLocalTimes(node->right.get());
}

Status SelectRun::PlanInto(const Statement& statement, std::vector<MeasurementPlan>* plans) {
  SelectContext context;
  context.now_ns = now_ns_;
  context.match = [this](const std::vector<std::string>& names, const std::string& pattern) {
    return finder_.Matching(names, {NameMatch::Operator::kMatches, {pattern}});
  };
  ARROW_ASSIGN_OR_RAISE(context.zone, Zone(statement.select->time_zone));
  ARROW_RETURN_NOT_OK(ReadLocalTimes(statement.condition.get()));
  ARROW_ASSIGN_OR_RAISE(const auto tables, finder_.FindSources(statement.sources));
  for (const TableSnapshotPtr& table : tables) {
    context.database = table->database;
    context.table = table->table;
    context.schema = table->schema.get();
    ARROW_RETURN_NOT_OK(PlanOver(statement, context, plans));
  }
  for (const Source& source : statement.sources) {
    if (source.subquery == nullptr) continue;
    if (source.subquery->select->series_limit > 0 || source.subquery->select->series_offset > 0) {
      return Unsupported("SLIMIT or SOFFSET in a subquery");
    }
    std::vector<MeasurementPlan> inner;
    ARROW_RETURN_NOT_OK(PlanInto(*source.subquery, &inner));
    for (const MeasurementPlan& planned : inner) {
      ARROW_ASSIGN_OR_RAISE(const auto types, TypesOf(planned.plan));
      ARROW_ASSIGN_OR_RAISE(const SubqueryTable table, TableOfSubquery(planned.plan, types));
      context.table = planned.measurement;
      context.schema = &table.schema;
      context.from = table.sql;
      ARROW_RETURN_NOT_OK(PlanOver(statement, context, plans));
    }
  }
  return Status::OK();
}

Status SelectRun::PlanOver(const Statement& statement, const SelectContext& context, std::vector<MeasurementPlan>* plans) {
  ARROW_ASSIGN_OR_RAISE(auto plan, PlanSelect(statement, context));
  if (plan) plans->push_back({context.table, *std::move(plan)});
  return Status::OK();
}

QueryRequest SelectRun::RequestOf(const SelectPlan& plan) const {
  return {.sql = plan.sql + plan.order, .database = finder_.database()};
}

Result<std::vector<ValueType>> SelectRun::TypesOf(const SelectPlan& plan) const {
  ARROW_ASSIGN_OR_RAISE(const auto description, engine_->Describe(RequestOf(plan), cancel_));
  std::vector<ValueType> types;
  for (int i = static_cast<int>(plan.tags.size()) + 1; i < description.schema->num_fields(); ++i) {
    types.push_back(TypeOf(*description.schema->field(i)->type()));
  }
  return types;
}

Result<std::vector<AnswerColumn>> SelectRun::Columns() {
  ARROW_RETURN_NOT_OK(Plan());
  std::vector<AnswerColumn> tags, values;
  for (const MeasurementPlan& planned : plans_) {
    for (const std::string& tag : planned.plan.tags) Merge({tag, ValueType::kText, /*is_tag=*/true}, &tags);
  }
  for (const MeasurementPlan& planned : plans_) {
    ARROW_ASSIGN_OR_RAISE(const auto types, TypesOf(planned.plan));
    for (const PlannedColumn& column : planned.plan.columns) Merge({column.name, column.value->TypeOver(types)}, &values);
  }
  for (AnswerColumn& column : values) Merge(std::move(column), &tags);
  return tags;
}

Result<bool> SelectRun::Step() {
  ARROW_RETURN_NOT_OK(Plan());
  if (stream_ == nullptr) {
    if (next_ == plans_.size() || budget_.exhausted()) return true;
    ARROW_RETURN_NOT_OK(NextMeasurement());
    return false;
  }
  ARROW_ASSIGN_OR_RAISE(const auto batch, stream_->Next());
  if (batch == nullptr) {
    rows_->Finish();
    stream_.reset();
  } else {
    PushBatch(*batch, plans_[next_ - 1].plan.tags.size(), rows_.get());
  }
  return false;
}

Status SelectRun::NextMeasurement() {
  MeasurementPlan& planned = plans_[next_++];
  rows_ = std::make_unique<SeriesRows>(&planned.plan, planned.measurement, &budget_, sink_);
  ARROW_ASSIGN_OR_RAISE(stream_, engine_->Execute(RequestOf(planned.plan), cancel_));
  return Status::OK();
}

}  // namespace gigapi::influx
