// A limit on what DuckDB allocates outside its buffer manager: vectors and their strings, which its own memory limit does
// not count. A list or a text of one row may have gigabytes.
#pragma once

#include "query/duckdb_headers.h"

namespace gigapi {

/// Has an instance that is made of `config` allocate vectors here, beside what its memory limit counts. Those that would
/// take as much again as that limit fail as if it were reached. The count is the process's, since DuckDB has places that
/// know no instance; the last limit holds.
void LimitVectorMemory(duckdb::DBConfig* config);

/// Counts as if it were vectors; false: that would be over the limit, and nothing is counted.
bool CountVectorMemory(int64_t bytes);
void UncountVectorMemory(int64_t bytes);

/// While it lives the thread gets no large vectors. DuckDB computes constants while it plans, and keeps each value of a list
/// as an object of many times its size, which nothing counts; one that it cannot have it computes when the query runs.
class SmallVectorsOnly {
 public:
  SmallVectorsOnly();
  ~SmallVectorsOnly();
  SmallVectorsOnly(const SmallVectorsOnly&) = delete;
  SmallVectorsOnly& operator=(const SmallVectorsOnly&) = delete;
};

}  // namespace gigapi
