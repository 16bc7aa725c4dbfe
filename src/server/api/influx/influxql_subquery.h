// What a subquery takes over from the query around it. Pure.
#pragma once

#include "server/api/influx/influxql_ast.h"

namespace gigapi::influx {

/// As in InfluxDB: the bounds of time, the tags of GROUP BY, its time() where the subquery has none, and the order.
/// Intervals without rows are left out where nothing else was said. Subqueries of subqueries too.
void InheritIntoSubqueries(Statement* statement);

}  // namespace gigapi::influx
