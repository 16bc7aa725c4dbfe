#include "query/describe_statement.h"

#include <arrow/type.h>

#include <algorithm>
#include <duckdb/execution/physical_operator.hpp>
#include <duckdb/execution/physical_plan_generator.hpp>
#include <duckdb/main/prepared_statement_data.hpp>

#include "query/arrow_results.h"
#include "query/statement_guard.h"

namespace gigapi {
namespace {

using duckdb::LogicalType;
using duckdb::LogicalTypeId;

bool IsOpen(const LogicalType& type) { return type.id() == LogicalTypeId::UNKNOWN || type.id() == LogicalTypeId::SQLNULL; }

Result<std::shared_ptr<arrow::Schema>> ParametersOf(const duckdb::PreparedStatement& prepared,
                                                    const duckdb::ClientProperties& properties) {
  const auto expected = prepared.GetExpectedParameterTypes();
  std::vector<std::pair<duckdb::idx_t, std::string>> order;
  for (const auto& [name, index] : prepared.named_param_map) order.emplace_back(index, name);
  std::sort(order.begin(), order.end());
  arrow::FieldVector fields;
  for (const auto& [index, name] : order) {
    const auto found = expected.find(name);
    std::shared_ptr<arrow::DataType> type = arrow::null();
    if (found != expected.end() && !IsOpen(found->second)) {
      ARROW_ASSIGN_OR_RAISE(const auto schema, ArrowSchemaOf({found->second}, {name}, properties));
      type = schema->field(0)->type();
    }
    fields.push_back(arrow::field(name, std::move(type)));
  }
  return arrow::schema(std::move(fields));
}

bool IsResolved(duckdb::PreparedStatement& prepared) {
  if (!prepared.GetStatementProperties().bound_all_parameters) return false;
  const auto& types = prepared.GetTypes();
  return std::none_of(types.begin(), types.end(),
                      [](const LogicalType& type) { return type.id() == LogicalTypeId::UNKNOWN; });
}

/// Whether every row that leaves the plan was made of one row of its only scan.
bool IsRowByRow(const duckdb::PhysicalOperator& op) {
  using Kind = duckdb::PhysicalOperatorType;
  if (op.type == Kind::TABLE_SCAN) return op.children.empty();
  if (op.type != Kind::PROJECTION && op.type != Kind::FILTER) return false;
  return op.children.size() == 1 && IsRowByRow(op.children[0].get());
}

bool IsRowByRow(const duckdb::PreparedStatement& prepared) {
  return prepared.data->physical_plan != nullptr && IsRowByRow(prepared.data->physical_plan->Root());
}

}  // namespace

Result<QueryDescription> DescribeStatement(duckdb::unique_ptr<duckdb::SQLStatement> statement, const BoundParameters& values,
                                           const std::optional<QueryDescription::Table>& scanned,
                                           duckdb::ClientContext& context) {
  const auto properties = context.GetClientProperties();
  QueryDescription description;
  auto asked = context.Prepare(statement->Copy());
  if (asked->HasError()) asked->GetErrorObject().Throw();
  ARROW_ASSIGN_OR_RAISE(description.parameters, ParametersOf(*asked, properties));
  if (!values.empty()) {
    ReplaceParameters(QueryOf(*statement), values);
    asked = context.Prepare(std::move(statement));
    if (asked->HasError()) asked->GetErrorObject().Throw();
  }
  if (scanned && IsRowByRow(*asked)) description.scanned = scanned;
  if (IsResolved(*asked)) {
    ARROW_ASSIGN_OR_RAISE(description.schema, ArrowSchemaOf(asked->GetTypes(), asked->GetNames(), properties));
  }
  return description;
}

}  // namespace gigapi
