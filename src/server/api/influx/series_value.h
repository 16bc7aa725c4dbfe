// One cell of a series that is on its way to a client.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace gigapi::influx {

/// monostate: null.
using SeriesValue = std::variant<std::monostate, int64_t, uint64_t, double, bool, std::string>;

/// In the order of SeriesValue's alternatives.
enum class ValueType : uint8_t {
  kNull,
  kInt64,
  kUInt64,
  kDouble,
  kBool,
  kText
};

inline bool IsNull(const SeriesValue& value) { return value.index() == 0; }

inline std::optional<double> NumberOf(const SeriesValue& value) {
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* number = std::get_if<int64_t>(&value)) return static_cast<double>(*number);
  if (const auto* number = std::get_if<uint64_t>(&value)) return static_cast<double>(*number);
  return std::nullopt;
}

struct SeriesRow {
  int64_t time_ns = 0;
  std::vector<SeriesValue> values;
};

}  // namespace gigapi::influx
