// Whether a file or a buffered part can hold rows that pass a filter, from what the catalog knows of it: the range of
// `time`, then the columns' bounds. Conservative: true when in doubt.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "query/duckdb_headers.h"
#include "query/lake_scan.h"

namespace gigapi {

/// What is known of one column's values in one entry.
struct ValueRange {
  bool known = false;  // false: nothing is known
  bool has_null = true;
  bool has_value = true;  // false: NULL in every row
  StatValue min;          // bounds of the values that are not NULL; monostate: unknown
  StatValue max;
  bool has_nan = false;
};

ValueRange TimeRange(int64_t min_time, int64_t max_time);
/// The range of a file's column, as values of the table's type; a column that the file lacks is NULL throughout.
ValueRange RangeOf(const DataFile& file, const ColumnSchema& column);

/// Whether some value in the range may pass the filter.
bool MayMatch(const duckdb::TableFilter& filter, const ValueRange& range);

/// The filters of one scan on columns of a table, by column. Looks at dynamic filters as they are when asked.
class ScanFilters {
 public:
  /// `column` as DuckDB numbers a table's columns: 0 is time; virtual columns by their own identifier.
  void Add(duckdb::column_t column, duckdb::unique_ptr<duckdb::TableFilter> filter);
  bool empty() const { return filters_.empty(); }

  bool MayMatchEntry(const LakeScanInfo& info, size_t entry_index) const;
  /// Whether a Top-N by time has not seen enough rows yet to exclude any.
  bool AwaitsFirstRows() const;
  /// Whether rows of a chunk with this range of time may pass.
  bool MayMatchTime(int64_t min_time, int64_t max_time) const;

 private:
  struct ColumnFilter {
    duckdb::column_t column;
    duckdb::unique_ptr<duckdb::TableFilter> filter;
  };
  std::vector<ColumnFilter> filters_;  // time first
};

}  // namespace gigapi
