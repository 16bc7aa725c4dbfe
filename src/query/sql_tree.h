// A walk over a parsed statement that reaches every table reference and every expression, nested ones included.
//
// Kinds of nodes that are not known here are refused, so that a new version of DuckDB cannot bring in what nobody looked at.
#pragma once

#include <functional>

#include "query/duckdb_headers.h"

namespace gigapi {

struct SqlTreeVisitor {
  /// Called for each SELECT before what it contains.
  std::function<void(duckdb::SelectNode&)> select;
  /// Called for each table reference before what it contains; may replace it.
  std::function<void(duckdb::unique_ptr<duckdb::TableRef>&)> table;
  /// Called for each expression after what it contains; may replace it.
  std::function<void(duckdb::unique_ptr<duckdb::ParsedExpression>&)> expression;
};

/// Throws a PermissionException for nodes that cannot be part of a query.
void VisitSqlTree(duckdb::QueryNode& node, const SqlTreeVisitor& visitor);

/// The same for visitors that change expressions: columns without a name are still called as they were written.
void VisitSqlTreeKeepingNames(duckdb::QueryNode& node, SqlTreeVisitor visitor);

}  // namespace gigapi
