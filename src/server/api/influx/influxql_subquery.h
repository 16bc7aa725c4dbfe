// What a subquery takes over from the query around it. Pure.
#pragma once

#include "server/api/influx/influxql_ast.h"

namespace gigapi::influx {

/// As in InfluxDB: the bounds of time, the tags of GROUP BY, its time() where the subquery has none, and the order.
/// Intervals without rows are left out where nothing else was said. Subqueries of subqueries too. Before that, texts of time
/// without a zone get that of their own statement's tz().
void InheritIntoSubqueries(Statement* statement);

/// What is left of a condition without the bounds of time that subqueries take over; nullptr: nothing. They choose the rows
/// that a subquery reads, not those that it makes: an interval that begins before the lower bound is one of them.
ExpressionPtr WithoutTimeBounds(const Expression* condition);

}  // namespace gigapi::influx
