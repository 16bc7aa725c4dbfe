// Rows as text, fast: the loop that JSON, NDJSON and CSV share. What differs between them is a Style.
#pragma once

#include <arrow/record_batch.h>

#include <cmath>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "server/encode/cell.h"
#include "server/encode/json_text.h"
#include "server/encode/number_text.h"
#include "server/encode/other_value.h"
#include "server/encode/output_buffer.h"
#include "server/encode/time_text.h"

namespace gigapi {

/// A short text that is copied with one or two wide stores: writes up to kBytes, of which size() count.
class PaddedText {
 public:
  static constexpr size_t kBytes = 64;
  explicit PaddedText(std::string text) : text_(std::move(text)), size_(text_.size()) {
    if (text_.size() < kBytes) text_.resize(kBytes);
  }
  /// `out` needs room for bytes_max().
  char* Write(char* out) const {
    std::memcpy(out, text_.data(), 16);
    if (size_ > 16) std::memcpy(out + 16, text_.data() + 16, 16);
    if (size_ > 32) std::memcpy(out + 32, text_.data() + 32, text_.size() - 32);
    return out + size_;
  }
  size_t bytes_max() const { return text_.size(); }

 private:
  std::string text_;
  size_t size_;
};

/// Style has static functions: String(text, out), StringBytesMax(bytes), StringBytes(text), Null(out), Quoted(write, out)
/// for texts of times, BigInteger(write, out) for 64-bit integers, Other(json, out); and kOmitsNulls: a column is not
/// written where it is NULL, and `before` of the first that is loses its first character to the "{" that takes its place.
template <typename Style>
class RowText {
 public:
  /// `before[i]` is written before column i of each row, `after_row` at its end; `between_rows` before all rows but the
  /// first.
  RowText(std::vector<PaddedText> before, PaddedText after_row, PaddedText between_rows, TimeFormat time_format)
      : before_(std::move(before)),
        after_row_(std::move(after_row)),
        between_rows_(std::move(between_rows)),
        time_format_(time_format) {
    for (const PaddedText& text : before_) row_bytes_max_ += text.bytes_max() + kTimeBytesMax + 8;
    row_bytes_max_ += after_row_.bytes_max() + between_rows_.bytes_max();
  }

  int64_t Encode(const arrow::RecordBatch& batch, int64_t row, size_t bytes_wanted, OutputBuffer* buffer) {
    std::vector<Cells> columns;
    columns.reserve(static_cast<size_t>(batch.num_columns()));
    for (const auto& column : batch.columns()) columns.push_back(MakeCells(*column, time_format_));
    for (; row < batch.num_rows() && buffer->size() < bytes_wanted; ++row) {
      char* out = buffer->Reserve(row_bytes_max_);
      if (!first_row_) out = between_rows_.Write(out);
      first_row_ = false;
      bool any = false;
      for (size_t i = 0; i < columns.size(); ++i) {
        if constexpr (Style::kOmitsNulls) {
          if (!columns[i].IsValid(row) || columns[i].kind == CellKind::kNull) continue;
          char* const begin = out;
          out = before_[i].Write(out);
          if (!std::exchange(any, true)) *begin = '{';
        } else {
          out = before_[i].Write(out);
        }
        out = WriteCell(columns[i], row, buffer, out);
      }
      if (Style::kOmitsNulls && !any) *out++ = '{';
      out = after_row_.Write(out);
      buffer->Commit(out);
    }
    return row;
  }

 private:
  /// Keeps room for the rest of the row behind what it writes.
  char* WriteCell(const Cells& cells, int64_t row, OutputBuffer* buffer, char* out) {
    if (!cells.IsValid(row)) return Style::Null(out);
    switch (cells.kind) {
      case CellKind::kNull: return Style::Null(out);
      case CellKind::kBool: return WriteBool(cells.Bool(row), out);
      case CellKind::kInt8: return WriteInt64(cells.Value<int8_t>(row), out);
      case CellKind::kInt16: return WriteInt64(cells.Value<int16_t>(row), out);
      case CellKind::kInt32: return WriteInt64(cells.Value<int32_t>(row), out);
      case CellKind::kUInt8: return WriteUInt64(cells.Value<uint8_t>(row), out);
      case CellKind::kUInt16: return WriteUInt64(cells.Value<uint16_t>(row), out);
      case CellKind::kUInt32: return WriteUInt64(cells.Value<uint32_t>(row), out);
      case CellKind::kInt64:
      case CellKind::kEpochNanos:
        return Style::BigInteger([&](char* p) { return WriteInt64(cells.Value<int64_t>(row), p); }, out);
      case CellKind::kUInt64:
        return Style::BigInteger([&](char* p) { return WriteUInt64(cells.Value<uint64_t>(row), p); }, out);
      case CellKind::kFloat: {
        const auto value = cells.Value<float>(row);
        return std::isfinite(value) ? WriteFloat(value, out) : Style::Null(out);
      }
      case CellKind::kDouble: {
        const auto value = cells.Value<double>(row);
        return std::isfinite(value) ? WriteDouble(value, out) : Style::Null(out);
      }
      case CellKind::kString:
      case CellKind::kLargeString:
      case CellKind::kStringView: {
        const std::string_view text = cells.String(row);
        return Style::String(text, Room(BytesMax(text), buffer, out));
      }
      case CellKind::kSeconds: return WriteTimestamp(cells.Value<int64_t>(row), 1, out);
      case CellKind::kMillis: return WriteTimestamp(cells.Value<int64_t>(row), 1'000, out);
      case CellKind::kMicros: return WriteTimestamp(cells.Value<int64_t>(row), 1'000'000, out);
      case CellKind::kNanos: return WriteTimestamp(cells.Value<int64_t>(row), 1'000'000'000, out);
      case CellKind::kDate: {
        const auto days = cells.Value<int32_t>(row);
        if (!InfinityText(days).empty()) return WriteInfinity(days, out);
        return Style::Quoted([&](char* p) { return WriteDate(days, p); }, out);
      }
      case CellKind::kOther: break;
    }
    std::string json;
    AppendJsonValue(*cells.array, row, time_format_, &json);
    return Style::Other(json, Room(BytesMax(json), buffer, out));
  }

  static size_t BytesMax(std::string_view text) {
    constexpr size_t kLargeBytes = 64 << 10;
    return text.size() < kLargeBytes ? Style::StringBytesMax(text.size()) : Style::StringBytes(text);
  }

  char* Room(size_t bytes, OutputBuffer* buffer, char* out) {
    buffer->Commit(out);
    return buffer->Reserve(bytes + row_bytes_max_);
  }

  static char* WriteBool(bool value, char* out) {
    std::memcpy(out, value ? "true " : "false", 5);
    return out + (value ? 4 : 5);
  }

  static char* WriteInfinity(auto value, char* out) {
    return Style::Quoted([&](char* p) { return WriteText(InfinityText(value), p); }, out);
  }

  char* WriteTimestamp(int64_t value, int64_t per_second, char* out) const {
    if (per_second < 1'000'000'000 && !InfinityText(value).empty()) return WriteInfinity(value, out);
    const int64_t seconds = value / per_second - (value % per_second < 0 ? 1 : 0);
    const auto nanos = static_cast<uint32_t>((value - seconds * per_second) * (1'000'000'000 / per_second));
    const int zone_mark = time_format_ == TimeFormat::kLocal ? 1 : 0;
    return Style::Quoted([&](char* p) { return WriteRfc3339(seconds, nanos, p) - zone_mark; }, out);
  }

  const std::vector<PaddedText> before_;
  const PaddedText after_row_;
  const PaddedText between_rows_;
  const TimeFormat time_format_;
  size_t row_bytes_max_ = 0;
  bool first_row_ = true;
};

}  // namespace gigapi
