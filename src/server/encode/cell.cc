#include "server/encode/cell.h"

#include <arrow/type.h>

namespace gigapi {
namespace {

CellKind TimestampKind(const arrow::DataType& type, TimeFormat time_format) {
  switch (static_cast<const arrow::TimestampType&>(type).unit()) {
    case arrow::TimeUnit::SECOND: return CellKind::kSeconds;
    case arrow::TimeUnit::MILLI: return CellKind::kMillis;
    case arrow::TimeUnit::MICRO: return CellKind::kMicros;
    case arrow::TimeUnit::NANO: break;
  }
  return time_format == TimeFormat::kEpochNanos ? CellKind::kEpochNanos : CellKind::kNanos;
}

CellKind KindOfType(const arrow::DataType& type, TimeFormat time_format) {
  switch (type.id()) {
    case arrow::Type::NA: return CellKind::kNull;
    case arrow::Type::BOOL: return CellKind::kBool;
    case arrow::Type::INT8: return CellKind::kInt8;
    case arrow::Type::INT16: return CellKind::kInt16;
    case arrow::Type::INT32: return CellKind::kInt32;
    case arrow::Type::INT64: return CellKind::kInt64;
    case arrow::Type::UINT8: return CellKind::kUInt8;
    case arrow::Type::UINT16: return CellKind::kUInt16;
    case arrow::Type::UINT32: return CellKind::kUInt32;
    case arrow::Type::UINT64: return CellKind::kUInt64;
    case arrow::Type::FLOAT: return CellKind::kFloat;
    case arrow::Type::DOUBLE: return CellKind::kDouble;
    case arrow::Type::STRING: return CellKind::kString;
    case arrow::Type::LARGE_STRING: return CellKind::kLargeString;
    case arrow::Type::STRING_VIEW: return CellKind::kStringView;
    case arrow::Type::TIMESTAMP: return TimestampKind(type, time_format);
    case arrow::Type::DATE32: return CellKind::kDate;
    default: return CellKind::kOther;
  }
}

}  // namespace

Cells MakeCells(const arrow::Array& array, TimeFormat time_format) {
  Cells cells;
  cells.kind = KindOfType(*array.type(), time_format);
  cells.array = &array;
  cells.offset = array.offset();
  cells.valid = array.null_count() == 0 ? nullptr : array.null_bitmap_data();
  if (cells.kind == CellKind::kNull || cells.kind == CellKind::kOther || cells.kind == CellKind::kStringView) return cells;
  const arrow::ArrayData& data = *array.data();
  if (cells.kind == CellKind::kBool) {
    cells.values = data.buffers[1] ? data.buffers[1]->data() : nullptr;
  } else if (cells.kind == CellKind::kString) {
    cells.offsets = data.GetValues<int32_t>(1);
    cells.bytes = data.buffers[2] ? reinterpret_cast<const char*>(data.buffers[2]->data()) : nullptr;
  } else if (cells.kind == CellKind::kLargeString) {
    cells.large_offsets = data.GetValues<int64_t>(1);
    cells.bytes = data.buffers[2] ? reinterpret_cast<const char*>(data.buffers[2]->data()) : nullptr;
  } else if (data.buffers[1] != nullptr) {
    cells.values = data.buffers[1]->data() + array.offset() * array.type()->byte_width();
  }
  return cells;
}

}  // namespace gigapi
