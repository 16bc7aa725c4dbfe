// The fields of a SELECT with their wildcards spelled out and their columns named. Pure.
#pragma once

#include <string>
#include <vector>

#include "server/api/influx/select_plan.h"

namespace gigapi::influx {

struct NamedField {
  ExpressionPtr expression;  // without wildcards and regular expressions
  std::string name;          // unique
};

/// `grouped_tags` are not among the columns of `*`.
Result<std::vector<NamedField>> SpellOutFields(const Select& select, const SelectContext& context,
                                               const std::vector<std::string>& grouped_tags);

}  // namespace gigapi::influx
