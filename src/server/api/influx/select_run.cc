#include "server/api/influx/select_run.h"

#include <arrow/array.h>
#include <arrow/util/decimal.h>

#include <algorithm>

#include "base/clock.h"
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

}  // namespace

SelectRun::SelectRun(Lake* lake, QueryEngine* engine, const Statement& statement, const std::string& database,
                     QueryCancel cancel, SeriesWriter* writer)
    : engine_(engine),
      statement_(statement),
      cancel_(cancel),
      writer_(writer),
      finder_(lake, engine, database, std::move(cancel)),
      now_ns_(WallNanos()) {
  budget_.to_skip = statement.select->series_offset;
  if (statement.select->series_limit > 0) budget_.left = statement.select->series_limit;
}

Result<bool> SelectRun::Step() {
  if (!found_) {
    ARROW_ASSIGN_OR_RAISE(tables_, finder_.FindSources(statement_.sources));
    std::reverse(tables_.begin(), tables_.end());
    found_ = true;
  }
  if (stream_ == nullptr) {
    if (tables_.empty() || budget_.exhausted()) return true;
    ARROW_RETURN_NOT_OK(NextMeasurement());
    return false;
  }
  ARROW_ASSIGN_OR_RAISE(const auto batch, stream_->Next());
  if (batch == nullptr) {
    rows_->Finish();
    stream_.reset();
  } else {
    PushBatch(*batch, plan_->tags.size(), rows_.get());
  }
  return false;
}

Status SelectRun::NextMeasurement() {
  const TableSnapshotPtr table = std::move(tables_.back());
  tables_.pop_back();
  SelectContext context{table->database, table->table, table->schema.get(), now_ns_, {}};
  context.match = [this](const std::vector<std::string>& names, const std::string& pattern) {
    return finder_.Matching(names, {NameMatch::Operator::kMatches, {pattern}});
  };
  ARROW_ASSIGN_OR_RAISE(auto plan, PlanSelect(statement_, context));
  if (!plan) return Status::OK();
  measurement_ = table->table;
  plan_ = std::make_unique<SelectPlan>(*std::move(plan));
  rows_ = std::make_unique<SeriesRows>(plan_.get(), measurement_, &budget_, writer_);
  QueryRequest request;
  request.sql = plan_->sql;
  request.database = finder_.database();
  ARROW_ASSIGN_OR_RAISE(stream_, engine_->Execute(request, cancel_));
  return Status::OK();
}

}  // namespace gigapi::influx
