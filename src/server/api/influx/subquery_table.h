// A planned subquery as a table that another SELECT reads. Pure.
#pragma once

#include <string>
#include <vector>

#include "model/schema.h"
#include "server/api/influx/select_plan.h"

namespace gigapi::influx {

struct SubqueryTable {
  std::string sql;     // of FROM
  TableSchema schema;  // the tags of GROUP BY, and the selected values as fields
};

/// `types` are those of the values of the plan's SQL. What C++ does with rows on their way to a client is said in SQL here:
/// derivatives and such, intervals without rows, limits. What cannot be is kUnsupported by name.
Result<SubqueryTable> TableOfSubquery(const SelectPlan& plan, const std::vector<ValueType>& types);

}  // namespace gigapi::influx
