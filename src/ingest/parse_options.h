// What a request says about its body beside the body. Each parser reads what its format needs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ingest/precision.h"

namespace gigapi {

struct ParseOptions {
  Precision precision = Precision::kNanosecond;
  Precision number_precision = Precision::kAuto;  // of times in JSON and CSV that are numbers
  int64_t now_ns = 0;                             // the time of lines without one
  int64_t line_bytes_max = 4 << 20;
  int64_t columns_per_table_max = 1'000;  // tags and fields, those that the table has already included
  int64_t values_max = 1 << 25;           // of a body, NULLs included: what bounds the memory that it unfolds to

  // Of CSV.
  char delimiter = 0;      // 0: told by the header
  std::string types = {};  // "name:type,..." or "type,type,..."; the others are told by their values

  // For formats whose rows say less than line protocol does: JSON, CSV, Arrow, Parquet.
  std::string table = {};              // where rows go that do not name their table
  std::string time_column = {};        // empty: the first of time, timestamp, @timestamp and _time that there is
  std::vector<std::string> tags = {};  // the strings that are tags, the others being fields; empty: told by their values
};

}  // namespace gigapi
