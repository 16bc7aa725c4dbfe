#include "query/file_pruning.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace gigapi {
namespace {

using duckdb::ExpressionType;
using duckdb::TableFilter;
using duckdb::TableFilterType;
using duckdb::Value;

/// Three-way comparison of two numbers of which either may be signed, unsigned or floating.
template <typename A, typename B>
int Compare(A a, B b) {
  if constexpr (std::is_floating_point_v<A> || std::is_floating_point_v<B>) {
    const long double x = a, y = b;  // 64-bit integers are exact in a long double
    return x < y ? -1 : x > y ? 1 : 0;
  } else {
    return std::cmp_less(a, b) ? -1 : std::cmp_greater(a, b) ? 1 : 0;
  }
}

/// nullopt: the two cannot be compared.
std::optional<int> CompareStat(const StatValue& stat, const Value& value) {
  return std::visit(
      [&](const auto& bound) -> std::optional<int> {
        using T = std::decay_t<decltype(bound)>;
        switch (value.type().id()) {
          case duckdb::LogicalTypeId::TIMESTAMP_NS:
          case duckdb::LogicalTypeId::BIGINT:
            if constexpr (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) {
              return Compare(bound, value.GetValueUnsafe<int64_t>());
            }
            return std::nullopt;
          case duckdb::LogicalTypeId::UBIGINT:
            if constexpr (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) {
              return Compare(bound, value.GetValueUnsafe<uint64_t>());
            }
            return std::nullopt;
          case duckdb::LogicalTypeId::DOUBLE:
            if constexpr (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) {
              const double number = value.GetValueUnsafe<double>();
              if (std::isnan(number)) return -1;  // NaN sorts above every number
              return Compare(static_cast<double>(bound), number);
            }
            return std::nullopt;
          case duckdb::LogicalTypeId::BOOLEAN:
            if constexpr (std::is_same_v<T, bool>) {
              return static_cast<int>(bound) - static_cast<int>(duckdb::BooleanValue::Get(value));
            }
            return std::nullopt;
          case duckdb::LogicalTypeId::VARCHAR:
            if constexpr (std::is_same_v<T, std::string>) {
              const int order = bound.compare(duckdb::StringValue::Get(value));
              return order < 0 ? -1 : order > 0 ? 1 : 0;
            }
            return std::nullopt;
          default: return std::nullopt;
        }
      },
      stat);
}

bool IsUnknown(const StatValue& value) { return std::holds_alternative<std::monostate>(value); }

/// Whether some value v in [min, max] may satisfy `v op constant`.
bool MayCompare(ExpressionType op, const Value& constant, const ValueRange& range) {
  if (!range.has_value || constant.IsNull())
    return op == ExpressionType::COMPARE_DISTINCT_FROM || op == ExpressionType::COMPARE_NOT_DISTINCT_FROM;
  const bool above_all = range.has_nan;  // a NaN is greater than any bound
  const std::optional<int> min = IsUnknown(range.min) ? std::nullopt : CompareStat(range.min, constant);
  const std::optional<int> max = above_all || IsUnknown(range.max) ? std::nullopt : CompareStat(range.max, constant);
  switch (op) {
    case ExpressionType::COMPARE_EQUAL: return (!min || *min <= 0) && (!max || *max >= 0);
    case ExpressionType::COMPARE_LESSTHAN: return !min || *min < 0;
    case ExpressionType::COMPARE_LESSTHANOREQUALTO: return !min || *min <= 0;
    case ExpressionType::COMPARE_GREATERTHAN: return !max || *max > 0;
    case ExpressionType::COMPARE_GREATERTHANOREQUALTO: return !max || *max >= 0;
    default: return true;
  }
}

bool MayMatchDynamic(const duckdb::DynamicFilter& filter, const ValueRange& range) {
  if (!filter.filter_data) return true;
  const std::lock_guard<std::mutex> guard(filter.filter_data->lock);
  if (!filter.filter_data->initialized || !filter.filter_data->filter) return true;
  return MayMatch(*filter.filter_data->filter, range);
}

/// Whether a dynamic filter is in it that has no bound yet.
bool IsPending(const TableFilter& filter) {
  switch (filter.filter_type) {
    case TableFilterType::DYNAMIC_FILTER: {
      const auto& data = filter.Cast<duckdb::DynamicFilter>().filter_data;
      if (!data) return false;
      const std::lock_guard<std::mutex> guard(data->lock);
      return !data->initialized;
    }
    case TableFilterType::OPTIONAL_FILTER: {
      const auto& child = filter.Cast<duckdb::OptionalFilter>().child_filter;
      return child && IsPending(*child);
    }
    case TableFilterType::CONJUNCTION_AND: {
      const auto& children = filter.Cast<duckdb::ConjunctionAndFilter>().child_filters;
      return std::any_of(children.begin(), children.end(), [](const auto& child) { return IsPending(*child); });
    }
    default: return false;
  }
}

}  // namespace

bool MayMatch(const TableFilter& filter, const ValueRange& range) {
  if (!range.known) return true;
  switch (filter.filter_type) {
    case TableFilterType::CONSTANT_COMPARISON: {
      const auto& comparison = filter.Cast<duckdb::ConstantFilter>();
      return MayCompare(comparison.comparison_type, comparison.constant, range);
    }
    case TableFilterType::IS_NULL: return range.has_null;
    case TableFilterType::IS_NOT_NULL: return range.has_value;
    case TableFilterType::CONJUNCTION_AND: {
      const auto& children = filter.Cast<duckdb::ConjunctionAndFilter>().child_filters;
      return std::all_of(children.begin(), children.end(), [&](const auto& child) { return MayMatch(*child, range); });
    }
    case TableFilterType::CONJUNCTION_OR: {
      const auto& children = filter.Cast<duckdb::ConjunctionOrFilter>().child_filters;
      return std::any_of(children.begin(), children.end(), [&](const auto& child) { return MayMatch(*child, range); });
    }
    case TableFilterType::IN_FILTER: {
      const auto& values = filter.Cast<duckdb::InFilter>().values;
      return std::any_of(values.begin(), values.end(),
                         [&](const Value& value) { return MayCompare(ExpressionType::COMPARE_EQUAL, value, range); });
    }
    case TableFilterType::OPTIONAL_FILTER: {
      // "Optional" means that the scan need not apply it; rows that fail it are still not needed.
      const auto& child = filter.Cast<duckdb::OptionalFilter>().child_filter;
      return !child || MayMatch(*child, range);
    }
    case TableFilterType::DYNAMIC_FILTER: return MayMatchDynamic(filter.Cast<duckdb::DynamicFilter>(), range);
    default: return true;
  }
}

ValueRange TimeRange(int64_t min_time, int64_t max_time) {
  ValueRange range;
  range.known = true;
  range.has_null = false;
  range.min = min_time;
  range.max = max_time;
  return range;
}

ValueRange RangeOf(const DataFile& file, const ColumnSchema& column) {
  ValueRange range;
  range.known = true;
  const ColumnStats* stats = file.Find(column.name);
  if (stats == nullptr) {
    range.has_value = false;
    return range;
  }
  range.has_null = stats->null_count > 0;
  range.has_value = stats->null_count < file.rows;
  range.min = stats->min;
  range.max = stats->max;
  range.has_nan = stats->has_nan;
  return range;
}

void ScanFilters::Add(duckdb::column_t column, duckdb::unique_ptr<TableFilter> filter) {
  filters_.push_back({column, std::move(filter)});
  std::stable_sort(filters_.begin(), filters_.end(), [](const auto& a, const auto& b) { return a.column < b.column; });
}

bool ScanFilters::AwaitsFirstRows() const {
  return std::any_of(filters_.begin(), filters_.end(),
                     [](const ColumnFilter& filter) { return filter.column == 0 && IsPending(*filter.filter); });
}

bool ScanFilters::MayMatchTime(int64_t min_time, int64_t max_time) const {
  for (const ColumnFilter& filter : filters_) {
    if (filter.column != 0) break;
    if (!MayMatch(*filter.filter, TimeRange(min_time, max_time))) return false;
  }
  return true;
}

bool ScanFilters::MayMatchEntry(const LakeScanInfo& info, size_t entry_index) const {
  for (const ColumnFilter& filter : filters_) {
    ValueRange range;
    if (filter.column == 0) {
      range = TimeRange(info.MinTime(entry_index), info.MaxTime(entry_index));
    } else if (filter.column == duckdb::MultiFileReader::COLUMN_IDENTIFIER_FILE_INDEX) {
      range.known = true;
      range.has_null = false;
      range.min = range.max = static_cast<uint64_t>(entry_index);
    } else if (duckdb::IsVirtualColumn(filter.column) || !info.IsFile(entry_index)) {
      continue;
    } else {
      range = RangeOf(info.File(entry_index), (*info.table->schema)[filter.column - 1]);
    }
    if (!MayMatch(*filter.filter, range)) return false;
  }
  return true;
}

}  // namespace gigapi
