// Rows in columns, as a parser makes them: the one shape in which rows travel from a request to a Parquet file.
//
// A batch is filled by one thread, then never changed: from then on any thread may read it (ColumnBatchPtr).
// All columns have as many values as `time`. Invalid (NULL) positions hold zero, code 0 or an empty string.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/pod_vector.h"
#include "model/schema.h"

namespace gigapi {

/// Strings one after the other: value i is bytes[offsets[i], offsets[i+1]). At most 4 GB.
class StringColumn {
 public:
  StringColumn() { offsets_.PushBack(0); }
  size_t size() const { return offsets_.size() - 1; }
  std::string_view operator[](size_t i) const {
    return {bytes_.data() + offsets_[i], static_cast<size_t>(offsets_[i + 1] - offsets_[i])};
  }
  void Append(std::string_view value) {
    bytes_.Append(value.data(), value.size());
    offsets_.PushBack(static_cast<uint32_t>(bytes_.size()));
  }
  /// Forgets the values from position `size` on.
  void Truncate(size_t size) {
    offsets_.Resize(size + 1);
    bytes_.Resize(offsets_[size]);
  }
  const PodVector<uint32_t>& offsets() const { return offsets_; }
  const PodVector<char>& bytes() const { return bytes_; }
  PodVector<uint32_t>& mutable_offsets() { return offsets_; }
  PodVector<char>& mutable_bytes() { return bytes_; }
  size_t MemoryBytes() const { return offsets_.MemoryBytes() + bytes_.MemoryBytes(); }

 private:
  PodVector<uint32_t> offsets_;
  PodVector<char> bytes_;
};

/// One column of a batch. Which member holds the values depends on the type.
struct Column {
  std::string name;
  ColumnType type = ColumnType::kFloat64;

  PodVector<uint64_t> words;  // kFloat64, kInt64, kUInt64: the value's 64 bits
  PodVector<uint8_t> bools;   // kBool: 0 or 1
  PodVector<uint32_t> codes;  // kTag: positions in `strings`, the dictionary, whose values are distinct, in no order
  StringColumn strings;       // kString: a value a row; kTag: the dictionary

  /// One byte a row, 1 = valid, 0 = NULL; empty when every row is valid.
  PodVector<uint8_t> valid;

  bool IsValid(size_t row) const { return valid.empty() || valid[row] != 0; }
  const double* f64() const { return reinterpret_cast<const double*>(words.data()); }
  const int64_t* i64() const { return reinterpret_cast<const int64_t*>(words.data()); }
  const uint64_t* u64() const { return words.data(); }
  std::string_view TagValue(size_t row) const { return strings[codes[row]]; }
  size_t MemoryBytes() const {
    return words.MemoryBytes() + bools.MemoryBytes() + codes.MemoryBytes() + strings.MemoryBytes() + valid.MemoryBytes();
  }
};

struct ColumnBatch {
  PodVector<int64_t> time;  // nanoseconds since the epoch, UTC
  std::vector<Column> columns;
  int64_t min_time = std::numeric_limits<int64_t>::max();
  int64_t max_time = std::numeric_limits<int64_t>::min();

  size_t rows() const { return time.size(); }
  const Column* Find(std::string_view name) const;
  size_t MemoryBytes() const;
  /// Sets min_time and max_time from `time`.
  void ComputeTimeRange();
};

using ColumnBatchPtr = std::shared_ptr<const ColumnBatch>;

/// The rows at the given positions, in that order, without the columns that have no value there; one column stays.
ColumnBatch Take(const ColumnBatch& batch, const uint32_t* rows, size_t count);

/// Converts an integer column in place to kFloat64; nothing happens to a column that is one already.
void WidenToFloat(Column* column);

/// Fails when the sizes of the columns, codes or offsets of a batch do not fit each other: what a decoder of
/// foreign bytes (the WAL) calls before it trusts them.
Status Validate(const ColumnBatch& batch);

}  // namespace gigapi
