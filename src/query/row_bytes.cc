#include "query/row_bytes.h"

#include <algorithm>
#include <numeric>

namespace gigapi {
namespace {

using duckdb::idx_t;

std::vector<idx_t> ValueBytes(duckdb::Vector& vector, idx_t count);

/// Calls `add(row, index)` for each row that has a value, which is at `index` of what lies under the vector.
template <typename Add>
void EachValue(const duckdb::UnifiedVectorFormat& format, idx_t count, Add add) {
  if (!format.sel->IsSet() && format.validity.AllValid()) {
    for (idx_t row = 0; row < count; ++row) add(row, row);
    return;
  }
  for (idx_t row = 0; row < count; ++row) {
    const idx_t index = format.sel->get_index(row);
    if (format.validity.RowIsValid(index)) add(row, index);
  }
}

void AddTexts(const duckdb::UnifiedVectorFormat& format, std::vector<idx_t>* bytes) {
  const auto* texts = duckdb::UnifiedVectorFormat::GetData<duckdb::string_t>(format);
  EachValue(format, bytes->size(), [&](idx_t row, idx_t index) { (*bytes)[row] += texts[index].GetSize(); });
}

/// Whether all values of the type take the same bytes.
bool IsPlain(const duckdb::LogicalType& type) {
  return type.InternalType() != duckdb::PhysicalType::VARCHAR && !type.IsNested();
}

void AddLists(duckdb::Vector& vector, const duckdb::UnifiedVectorFormat& format, std::vector<idx_t>* bytes) {
  auto& child = duckdb::ListVector::GetEntry(vector);
  const auto* entries = duckdb::UnifiedVectorFormat::GetData<duckdb::list_entry_t>(format);
  if (IsPlain(child.GetType())) {
    const idx_t width = duckdb::GetTypeIdSize(child.GetType().InternalType());
    EachValue(format, bytes->size(), [&](idx_t row, idx_t index) { (*bytes)[row] += entries[index].length * width; });
    return;
  }
  // Of each value and those before it.
  auto sums = ValueBytes(child, duckdb::ListVector::GetListSize(vector));
  std::partial_sum(sums.begin(), sums.end(), sums.begin());
  const auto before = [&](idx_t end) { return end == 0 ? 0 : sums[end - 1]; };
  EachValue(format, bytes->size(), [&](idx_t row, idx_t index) {
    const auto& entry = entries[index];
    (*bytes)[row] += before(entry.offset + entry.length) - before(entry.offset);
  });
}

/// Structs and arrays have no values of their own, but `width` in each child for every one.
void AddParts(duckdb::Vector& child, idx_t width, const duckdb::UnifiedVectorFormat& format, std::vector<idx_t>* bytes) {
  idx_t under = 0;
  for (idx_t row = 0; row < bytes->size(); ++row) under = std::max<idx_t>(under, format.sel->get_index(row) + 1);
  const auto values = ValueBytes(child, under * width);
  EachValue(format, bytes->size(), [&](idx_t row, idx_t index) {
    for (idx_t i = 0; i < width; ++i) (*bytes)[row] += values[index * width + i];
  });
}

std::vector<idx_t> ValueBytes(duckdb::Vector& vector, idx_t count) {
  std::vector<idx_t> bytes(count, duckdb::GetTypeIdSize(vector.GetType().InternalType()));
  const auto type = vector.GetType().InternalType();
  if (IsPlain(vector.GetType())) return bytes;
  duckdb::UnifiedVectorFormat format;
  vector.ToUnifiedFormat(count, format);
  switch (type) {
    case duckdb::PhysicalType::VARCHAR: AddTexts(format, &bytes); break;
    case duckdb::PhysicalType::LIST: AddLists(vector, format, &bytes); break;
    case duckdb::PhysicalType::ARRAY:
      AddParts(duckdb::ArrayVector::GetEntry(vector), duckdb::ArrayType::GetSize(vector.GetType()), format, &bytes);
      break;
    case duckdb::PhysicalType::STRUCT:
      for (auto& child : duckdb::StructVector::GetEntries(vector)) AddParts(*child, 1, format, &bytes);
      break;
    default: break;
  }
  return bytes;
}

}  // namespace

std::vector<idx_t> RowBytes(duckdb::DataChunk& chunk) {
  std::vector<idx_t> rows(chunk.size(), 0);
  idx_t plain = 0;  // of each row, what lies in its columns themselves
  for (auto& column : chunk.data) {
    const auto& type = column.GetType();
    if (type.IsNested()) {
      const auto values = ValueBytes(column, chunk.size());
      for (size_t row = 0; row < rows.size(); ++row) rows[row] += values[row];
      continue;
    }
    plain += duckdb::GetTypeIdSize(type.InternalType());
    if (IsPlain(type)) continue;
    duckdb::UnifiedVectorFormat format;
    column.ToUnifiedFormat(chunk.size(), format);
    AddTexts(format, &rows);
  }
  for (idx_t& row : rows) row += plain;
  return rows;
}

}  // namespace gigapi
