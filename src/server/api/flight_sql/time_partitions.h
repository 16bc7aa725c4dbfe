// How the rows of a table are split by time into parts of about equal size. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "lake/snapshot.h"

namespace gigapi::flight {

/// Rows that lie between two times, both included.
struct TimedRows {
  int64_t min_ns = 0;
  int64_t max_ns = 0;
  int64_t rows = 0;
};

/// The files and buffered rows of a table.
std::vector<TimedRows> TimesOf(const TableSnapshot& table);

/// Where to cut: rising times, at most `parts` - 1 of them. The first part is all before the first time, the next all from
/// it and before the second, and so on: every row, those written later included, is in exactly one part. Rows of one piece
/// are taken to be spread evenly. Fewer cuts where there are not so many times.
std::vector<int64_t> SplitTimes(std::vector<TimedRows> pieces, int parts);

}  // namespace gigapi::flight
