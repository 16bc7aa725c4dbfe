// What formats of rows have in common: which of their names is the time, which strings are tags, how a row is refused. Pure.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "ingest/column_values.h"
#include "ingest/parse_options.h"
#include "model/write_batch.h"

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

/// Counts a row as refused; of the first ones the batch keeps why, where, and how their text begins.
inline void RefuseRow(int64_t line, std::string reason, std::string_view text, WriteBatch* batch) {
  ++batch->refused_rows;
  if (batch->refused.size() >= WriteBatch::kMaxRefusedShown) return;
  batch->refused.push_back({line, std::move(reason), std::string(text.substr(0, kRefusedTextBytesMax))});
}

/// Integers beyond this are not all floats: a new column that has one holds integers.
inline constexpr int64_t kExactFloatMax = int64_t{1} << 53;

}  // namespace gigapi
