// What stands in FROM for the functions whose rows SQL must make before it can select from them. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace gigapi::influx {

/// The rows that a function works on.
struct RowsInput {
  std::string from;               // SQL of FROM
  std::string where;              // SQL of WHERE
  std::string field;              // SQL of the field; rows without it do not count
  std::vector<std::string> tags;  // of GROUP BY, those that the table has, as SQL names
  /// SQL of the interval that an instant lies in, both in nanoseconds; empty: there are none.
  std::function<std::string(const std::string& nanos)> interval;
};

struct Ranking {
  bool highest = true;
  std::string count;                  // of rows that each group keeps
  std::vector<std::string> distinct;  // SQL names of tags: of each of their values the best row takes part
};

/// The rows of highest or lowest value of each series and interval, with all columns; of equals the earliest.
std::string RankedRows(const RowsInput& input, const Ranking& ranking);

/// The SQL name of the column of AreaPieces, which no tag has.
inline constexpr const char* kAreaColumn = "\"area of the field\"";

/// Pieces of the area under the field in `unit_ns`, by the trapezium rule: columns are the tags, "time" and kAreaColumn. A
/// piece lies in the interval of its time; where two points lie in different intervals the line between them is cut at the
/// end of the first one's.
std::string AreaPieces(const RowsInput& input, int64_t width_ns, int64_t unit_ns);

}  // namespace gigapi::influx
