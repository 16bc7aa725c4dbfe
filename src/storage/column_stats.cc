#include "storage/column_stats.h"

#include <algorithm>
#include <cstring>

namespace gigapi {
namespace {

bool IsContinuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

/// The code point that `bytes` is, all of it; nullopt when it is not exactly one.
std::optional<uint32_t> DecodeOne(std::string_view bytes) {
  const auto lead = static_cast<unsigned char>(bytes[0]);
  size_t size = 0;
  uint32_t point = 0;
  if (lead < 0x80) {
    size = 1, point = lead;
  } else if ((lead & 0xE0) == 0xC0) {
    size = 2, point = lead & 0x1F;
  } else if ((lead & 0xF0) == 0xE0) {
    size = 3, point = lead & 0x0F;
  } else if ((lead & 0xF8) == 0xF0) {
    size = 4, point = lead & 0x07;
  }
  if (size != bytes.size()) return std::nullopt;
  for (size_t i = 1; i < size; ++i) {
    if (!IsContinuation(bytes[i])) return std::nullopt;
    point = point << 6 | (static_cast<unsigned char>(bytes[i]) & 0x3F);
  }
  return point;
}

void AppendPoint(uint32_t point, std::string* out) {
  const auto continuation = [&](int shift) { *out += static_cast<char>(0x80 | ((point >> shift) & 0x3F)); };
  if (point < 0x80) {
    *out += static_cast<char>(point);
  } else if (point < 0x800) {
    *out += static_cast<char>(0xC0 | point >> 6);
    continuation(0);
  } else if (point < 0x10000) {
    *out += static_cast<char>(0xE0 | point >> 12);
    continuation(6);
    continuation(0);
  } else {
    *out += static_cast<char>(0xF0 | point >> 18);
    continuation(12);
    continuation(6);
    continuation(0);
  }
}

/// Where the last character of `text` starts, if it is UTF-8.
size_t LastCharacter(std::string_view text) {
  size_t at = text.size() - 1;
  while (at > 0 && text.size() - at < 4 && IsContinuation(text[at])) --at;
  return at;
}

template <typename T>
struct Bounds {
  T min = std::numeric_limits<T>::max();
  T max = std::numeric_limits<T>::lowest();
  bool any = false;
  void Add(T value) {
    min = value < min ? value : min;
    max = max < value ? value : max;
  }
};

template <typename T>
Bounds<T> BoundsOf(const T* values, const Column& column, size_t begin, size_t end) {
  Bounds<T> bounds;
  if (column.valid.empty()) {
    for (size_t row = begin; row < end; ++row) bounds.Add(values[row]);
    bounds.any = begin < end;
  } else {
    for (size_t row = begin; row < end; ++row) {
      if (!column.valid[row]) continue;
      bounds.Add(values[row]);
      bounds.any = true;
    }
  }
  return bounds;
}

template <typename T>
void SetBounds(const Bounds<T>& bounds, ColumnStats* stats) {
  if (!bounds.any) return;
  stats->min = bounds.min;
  stats->max = bounds.max;
}

void SetDoubleBounds(const Column& column, size_t begin, size_t end, ColumnStats* stats) {
  // Comparisons with NaN are false, so NaN never becomes a bound.
  const double* const values = column.f64();
  double least = std::numeric_limits<double>::infinity();
  double greatest = -least;
  bool nan = false;
  const auto add = [&](double value) {
    least = value < least ? value : least;
    greatest = value > greatest ? value : greatest;
    nan |= value != value;
  };
  size_t row = begin;
  if (column.valid.empty()) {
    // Two vectors at a time hide the latency of the comparisons.
    using Vector = double __attribute__((vector_size(32)));
    constexpr size_t kLanes = 4;
    Vector min[2] = {Vector{} + least, Vector{} + least}, max[2] = {Vector{} + greatest, Vector{} + greatest};
    Vector sum = {};  // of value * 0: NaN where a value is NaN or infinite
    for (; row + 2 * kLanes <= end; row += 2 * kLanes) {
      for (size_t i = 0; i < 2; ++i) {
        Vector value;
        std::memcpy(&value, values + row + i * kLanes, sizeof(value));
        min[i] = value < min[i] ? value : min[i];
        max[i] = value > max[i] ? value : max[i];
        sum += value * 0.0;
      }
    }
    bool may_have_nan = false;
    for (size_t lane = 0; lane < kLanes; ++lane) {
      for (size_t i = 0; i < 2; ++i) {
        least = min[i][lane] < least ? min[i][lane] : least;
        greatest = max[i][lane] > greatest ? max[i][lane] : greatest;
      }
      may_have_nan |= sum[lane] != sum[lane];
    }
    if (may_have_nan) row = begin;
    for (; row < end; ++row) add(values[row]);
  } else {
    for (; row < end; ++row) {
      if (column.valid[row]) add(values[row]);
    }
  }
  stats->has_nan = nan;
  if (!(least <= greatest)) return;
  // The two zeros are equal but have different bits: the bounds include both.
  stats->min = least == 0 ? -0.0 : least;
  stats->max = greatest == 0 ? 0.0 : greatest;
}

void SetBoolBounds(const Column& column, size_t begin, size_t end, ColumnStats* stats) {
  bool seen[2] = {false, false};
  for (size_t row = begin; row < end; ++row) {
    if (column.IsValid(row)) seen[column.bools[row] != 0] = true;
  }
  if (!seen[0] && !seen[1]) return;
  stats->min = !seen[0];
  stats->max = seen[1];
}

void SetTextBounds(std::string_view least, std::string_view greatest, ColumnStats* stats) {
  stats->min = LowerBound(least, ColumnStats::kMaxStatStringBytes);
  if (auto max = UpperBound(greatest, ColumnStats::kMaxStatStringBytes)) stats->max = std::move(*max);
}

void SetTagBounds(const Column& column, size_t begin, size_t end, ColumnStats* stats) {
  const Bounds<uint32_t> codes = BoundsOf(column.codes.data(), column, begin, end);
  if (codes.any) SetTextBounds(column.strings[codes.min], column.strings[codes.max], stats);
}

void SetStringBounds(const Column& column, size_t begin, size_t end, ColumnStats* stats) {
  std::string_view least, greatest;
  bool any = false;
  for (size_t row = begin; row < end; ++row) {
    if (!column.IsValid(row)) continue;
    const std::string_view value = column.strings[row];
    if (!any || value < least) least = value;
    if (!any || value > greatest) greatest = value;
    any = true;
  }
  if (any) SetTextBounds(least, greatest, stats);
}

int64_t CountNulls(const Column& column, size_t begin, size_t end) {
  if (column.valid.empty()) return 0;
  return std::count(column.valid.data() + begin, column.valid.data() + end, 0);
}

}  // namespace

std::string LowerBound(std::string_view value, size_t max_bytes) {
  if (value.size() <= max_bytes) return std::string(value);
  size_t size = max_bytes;
  while (size > 0 && max_bytes - size < 4 && IsContinuation(value[size])) --size;
  if (IsContinuation(value[size])) size = max_bytes;  // not UTF-8
  return std::string(value.substr(0, size));
}

std::optional<std::string> UpperBound(std::string_view value, size_t max_bytes) {
  if (value.size() <= max_bytes) return std::string(value);
  std::string bound = LowerBound(value, max_bytes);
  while (!bound.empty()) {
    const size_t last = LastCharacter(bound);
    const std::optional<uint32_t> point = DecodeOne(std::string_view(bound).substr(last));
    if (!point) return std::nullopt;
    bound.resize(last);
    if (*point == 0x10FFFF) continue;  // nothing follows it: the character before grows
    std::string next;
    AppendPoint(*point == 0xD7FF ? 0xE000 : *point + 1, &next);
    if (bound.size() + next.size() > max_bytes) continue;
    return bound + next;
  }
  return std::nullopt;
}

ColumnStats ComputeStats(const Column& column, size_t begin, size_t end) {
  ColumnStats stats;
  stats.name = column.name;
  stats.type = column.type;
  stats.null_count = CountNulls(column, begin, end);
  switch (column.type) {
    case ColumnType::kFloat64: SetDoubleBounds(column, begin, end, &stats); break;
    case ColumnType::kInt64: SetBounds(BoundsOf(column.i64(), column, begin, end), &stats); break;
    case ColumnType::kUInt64: SetBounds(BoundsOf(column.u64(), column, begin, end), &stats); break;
    case ColumnType::kBool: SetBoolBounds(column, begin, end, &stats); break;
    case ColumnType::kTag: SetTagBounds(column, begin, end, &stats); break;
    case ColumnType::kString: SetStringBounds(column, begin, end, &stats); break;
  }
  return stats;
}

void MergeStats(const ColumnStats& more, ColumnStats* stats) {
  const auto known = [](const StatValue& bound) { return !std::holds_alternative<std::monostate>(bound); };
  stats->null_count += more.null_count;
  stats->has_nan |= more.has_nan;
  if (!known(more.min)) return;  // no value but NULL and NaN
  if (!known(stats->min)) {
    stats->min = more.min;
    stats->max = more.max;
    return;
  }
  stats->min = std::min(stats->min, more.min);
  stats->max = known(stats->max) && known(more.max) ? std::max(stats->max, more.max) : StatValue();
}

}  // namespace gigapi
