#include "model/column_batch.h"

#include <algorithm>

namespace gigapi {

const Column* ColumnBatch::Find(std::string_view name) const {
  for (const Column& column : columns) {
    if (column.name == name) return &column;
  }
  return nullptr;
}

size_t ColumnBatch::MemoryBytes() const {
  size_t bytes = time.MemoryBytes() + sizeof(ColumnBatch);
  for (const Column& column : columns) bytes += column.MemoryBytes() + sizeof(Column);
  return bytes;
}

void ColumnBatch::ComputeTimeRange() {
  min_time = std::numeric_limits<int64_t>::max();
  max_time = std::numeric_limits<int64_t>::min();
  for (const int64_t t : time) {
    min_time = std::min(min_time, t);
    max_time = std::max(max_time, t);
  }
}

namespace {

template <typename T>
void TakeValues(const PodVector<T>& from, const uint32_t* rows, size_t count, PodVector<T>* to) {
  to->Resize(count);
  for (size_t i = 0; i < count; ++i) (*to)[i] = from[rows[i]];
}

bool HasValue(const Column& column, const uint32_t* rows, size_t count) {
  return column.valid.empty() || std::any_of(rows, rows + count, [&](uint32_t row) { return column.valid[row] != 0; });
}

/// The codes, and of the dictionary what they need: a few rows of a batch must not each have all of it.
void TakeTags(const Column& column, const uint32_t* rows, size_t count, Column* out) {
  TakeValues(column.codes, rows, count, &out->codes);
  if (column.strings.size() <= count) {
    out->strings.mutable_offsets() = column.strings.offsets().Clone();
    out->strings.mutable_bytes() = column.strings.bytes().Clone();
    return;
  }
  std::vector<uint32_t> used(out->codes.begin(), out->codes.end());
  std::sort(used.begin(), used.end());
  used.erase(std::unique(used.begin(), used.end()), used.end());
  for (const uint32_t code : used) out->strings.Append(column.strings[code]);
  for (uint32_t& code : out->codes) {
    code = static_cast<uint32_t>(std::lower_bound(used.begin(), used.end(), code) - used.begin());
  }
}

Column TakeColumn(const Column& column, const uint32_t* rows, size_t count) {
  Column out;
  out.name = column.name;
  out.type = column.type;
  if (!column.valid.empty()) TakeValues(column.valid, rows, count, &out.valid);
  switch (column.type) {
    case ColumnType::kFloat64:
    case ColumnType::kInt64:
    case ColumnType::kUInt64: TakeValues(column.words, rows, count, &out.words); break;
    case ColumnType::kBool: TakeValues(column.bools, rows, count, &out.bools); break;
    case ColumnType::kTag: TakeTags(column, rows, count, &out); break;
    case ColumnType::kString:
      for (size_t i = 0; i < count; ++i) out.strings.Append(column.strings[rows[i]]);
      break;
  }
  return out;
}

}  // namespace

ColumnBatch Take(const ColumnBatch& batch, const uint32_t* rows, size_t count) {
  ColumnBatch taken;
  TakeValues(batch.time, rows, count, &taken.time);
  for (const Column& column : batch.columns) {
    if (HasValue(column, rows, count)) taken.columns.push_back(TakeColumn(column, rows, count));
  }
  if (taken.columns.empty() && !batch.columns.empty()) taken.columns.push_back(TakeColumn(batch.columns[0], rows, count));
  taken.ComputeTimeRange();
  return taken;
}

void WidenToFloat(Column* column) {
  if (column->type != ColumnType::kInt64 && column->type != ColumnType::kUInt64) return;
  const bool is_signed = column->type == ColumnType::kInt64;
  for (uint64_t& word : column->words) {
    const double value = is_signed ? static_cast<double>(static_cast<int64_t>(word)) : static_cast<double>(word);
    static_assert(sizeof(value) == sizeof(word));
    __builtin_memcpy(&word, &value, sizeof(word));
  }
  column->type = ColumnType::kFloat64;
}

namespace {

Status ValidateStrings(const StringColumn& strings) {
  const auto& offsets = strings.offsets();
  if (offsets.empty() || offsets[0] != 0 || offsets.back() != strings.bytes().size()) {
    return Error(ErrorKind::kInvalidArgument, "string offsets do not fit their bytes");
  }
  if (!std::is_sorted(offsets.begin(), offsets.end())) {
    return Error(ErrorKind::kInvalidArgument, "string offsets go backwards");
  }
  return Status::OK();
}

Status ValidateColumn(const Column& column, size_t rows) {
  const auto check = [&](size_t size) {
    return size == rows
               ? Status::OK()
               : Errorf(ErrorKind::kInvalidArgument, "column {} has {} values for {} rows", column.name, size, rows);
  };
  if (!column.valid.empty()) ARROW_RETURN_NOT_OK(check(column.valid.size()));
  switch (column.type) {
    case ColumnType::kFloat64:
    case ColumnType::kInt64:
    case ColumnType::kUInt64: return check(column.words.size());
    case ColumnType::kBool: return check(column.bools.size());
    case ColumnType::kTag: {
      ARROW_RETURN_NOT_OK(check(column.codes.size()));
      ARROW_RETURN_NOT_OK(ValidateStrings(column.strings));
      for (size_t row = 0; row < rows; ++row) {
        if (column.codes[row] >= column.strings.size() && column.IsValid(row)) {
          return Errorf(ErrorKind::kInvalidArgument, "column {} has a code outside its dictionary", column.name);
        }
      }
      return Status::OK();
    }
    case ColumnType::kString: ARROW_RETURN_NOT_OK(ValidateStrings(column.strings)); return check(column.strings.size());
  }
  return Errorf(ErrorKind::kInvalidArgument, "column {} has an unknown type", column.name);
}

}  // namespace

Status Validate(const ColumnBatch& batch) {
  for (const Column& column : batch.columns) ARROW_RETURN_NOT_OK(ValidateColumn(column, batch.rows()));
  return Status::OK();
}

}  // namespace gigapi
