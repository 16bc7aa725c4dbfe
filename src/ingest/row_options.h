// What JSON, CSV, Arrow and Parquet have in common: which of their names is the time, and which strings are tags. Pure.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include "ingest/column_values.h"
#include "ingest/parse_options.h"

namespace gigapi {

/// The usual names of the time, the one that is looked for first first.
inline constexpr std::array<std::string_view, 4> kTimeNames = {"time", "timestamp", "@timestamp", "_time"};

inline StringsAs StringsOf(const ParseOptions& options, std::string_view name) {
  if (options.tags.empty()) return StringsAs::kByValues;
  return std::find(options.tags.begin(), options.tags.end(), name) != options.tags.end() ? StringsAs::kTag
                                                                                         : StringsAs::kField;
}

/// Of the refused rows, how much of each is shown.
inline constexpr size_t kRefusedTextBytesMax = 512;

/// Integers beyond this are not all floats: a new column that has one holds integers.
inline constexpr int64_t kExactFloatMax = int64_t{1} << 53;

}  // namespace gigapi
