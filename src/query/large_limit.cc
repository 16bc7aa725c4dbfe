#include "query/large_limit.h"

#include "query/duckdb_headers.h"

namespace gigapi {
namespace {

using duckdb::LogicalOperator;
using duckdb::LogicalOperatorType;

// DuckDB's own bound for the ways in which it keeps row numbers; below it the second read is small.
constexpr duckdb::idx_t kRowsMin = 8192;

bool IsLargeLimit(const LogicalOperator& op) {
  if (op.type != LogicalOperatorType::LOGICAL_LIMIT) return false;
  const auto& limit = op.Cast<duckdb::LogicalLimit>();
  return limit.offset_val.Type() == duckdb::LimitNodeType::UNSET &&
         limit.limit_val.Type() == duckdb::LimitNodeType::CONSTANT_VALUE && limit.limit_val.GetConstantValue() >= kRowsMin;
}

bool KeepsRows(const LogicalOperator& op) {
  return op.type == LogicalOperatorType::LOGICAL_PROJECTION || op.type == LogicalOperatorType::LOGICAL_FILTER;
}

void ReadOnce(LogicalOperator* op) {
  for (auto& child : op->children) ReadOnce(child.get());
  if (!IsLargeLimit(*op)) return;
  do {
    op = op->children[0].get();
  } while (KeepsRows(*op));
  if (op->type == LogicalOperatorType::LOGICAL_GET) op->Cast<duckdb::LogicalGet>().function.late_materialization = false;
}

}  // namespace

void ReadLargeLimitsOnce(duckdb::DatabaseInstance& db) {
  duckdb::OptimizerExtension extension;
  extension.pre_optimize_function = [](duckdb::OptimizerExtensionInput&, duckdb::unique_ptr<LogicalOperator>& plan) {
    ReadOnce(plan.get());
  };
  duckdb::OptimizerExtension::Register(duckdb::DBConfig::GetConfig(db), std::move(extension));
}

}  // namespace gigapi
