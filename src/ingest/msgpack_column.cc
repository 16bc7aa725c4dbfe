#include "ingest/msgpack_column.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "ingest/string_interner.h"
#include "model/names.h"

namespace gigapi {
namespace {

constexpr uint8_t kFloat64Code = 0xcb;

std::optional<ColumnType> TypeOfValue(const MsgpackReader& in, StringsAs strings) {
  switch (in.PeekType()) {
    case MsgpackType::kBool: return ColumnType::kBool;
    case MsgpackType::kFloat: return ColumnType::kFloat64;
    case MsgpackType::kString: return strings == StringsAs::kField ? ColumnType::kString : ColumnType::kTag;
    case MsgpackType::kInteger: {
      MsgpackReader at = in;
      MsgpackInteger value;
      return at.ReadInteger(&value) && !value.FitsInt64() ? ColumnType::kUInt64 : ColumnType::kInt64;
    }
    default: return std::nullopt;
  }
}

/// The builder knows the words for a value that does not fit its column.
bool Conflict(const MsgpackReader& in, ColumnBuilder* column, TableBuilder* table, std::string* reason) {
  const auto type = TypeOfValue(in, StringsAs::kField);
  MsgpackReader at = in;
  if (!type || !at.Skip()) {
    *reason = fmt::format("column '{}' cannot hold {}", column->name(), in.Found());
  } else if (table->FindOrAdd(column->name(), *type, reason) != nullptr) {
    *reason = fmt::format("a value of column '{}' does not fit its type {}", column->name(), ToString(column->type()));
  }
  return false;
}

/// A float or an integer; stays where it is when the column does not take it.
bool ReadNumber(MsgpackReader* in, size_t row, ColumnBuilder* column) {
  const char* const before = in->position();
  double value = 0;
  MsgpackInteger integer;
  if (in->ReadFloat(&value) ? PutFloat(row, value, column)
                            : in->ReadInteger(&integer) && PutInteger(row, integer.bits, integer.negative, column)) {
    return true;
  }
  in->Seek(before);
  return false;
}

bool ReadStringValue(MsgpackReader* in, size_t row, ColumnBuilder* column, std::string* reason) {
  const char* const before = in->position();
  std::string_view text;
  if (!in->ReadString(&text)) return false;
  if (!IsUtf8(text)) {
    in->Seek(before);
    *reason = fmt::format("a value of column '{}' is not UTF-8", column->name());
    return false;
  }
  return PutText(row, text, StringsAs::kTag, column);
}

// ---- runs: as many values as have the same form, without a function call for each; they return how many ----

/// 8-byte floats, 9 bytes each.
size_t ReadFloatRun(MsgpackReader* in, uint64_t* out, size_t rows) {
  const char* p = in->position();
  const size_t fit = std::min(rows, in->left() / 9);
  const auto differs = [&p](size_t i) { return static_cast<uint8_t>(p[9 * i]) ^ kFloat64Code; };
  size_t read = 0;
  for (; read + 4 <= fit && (differs(0) | differs(1) | differs(2) | differs(3)) == 0; read += 4, p += 36) {
    for (size_t i = 0; i < 4; ++i) out[read + i] = internal::LoadBigEndian64(p + 9 * i + 1);
  }
  for (; read < fit && differs(0) == 0; ++read, p += 9) out[read] = internal::LoadBigEndian64(p + 1);
  in->Seek(p);
  return read;
}

/// Integers of any width that fit into int64. Their widths differ from value to value, so nothing here branches on them.
size_t ReadIntegerRun(MsgpackReader* in, uint64_t* out, size_t rows) {
  const char* p = in->position();
  const char* const end = in->end();
  size_t read = 0;
  for (; read < rows && end - p >= 9; ++read) {  // the last few, where the widest would not fit, are left to the caller
    const auto code = static_cast<uint8_t>(*p);
    const internal::MsgpackCode known = internal::kMsgpackCodes[code];
    if (known.type != MsgpackType::kInteger) break;
    const uint64_t word = internal::LoadBigEndian64(p + 1);
    const int unused_bits = (72 - 8 * known.head_bytes) & 63;
    uint64_t value =
        known.is_signed ? static_cast<uint64_t>(static_cast<int64_t>(word) >> unused_bits) : word >> unused_bits;
    if (known.head_bytes == 1) value = static_cast<uint64_t>(static_cast<int64_t>(static_cast<int8_t>(code)));
    if (!known.is_signed && static_cast<int64_t>(value) < 0) break;
    out[read] = value;
    p += known.head_bytes;
  }
  in->Seek(p);
  return read;
}

size_t ReadBoolRun(MsgpackReader* in, uint8_t* out, size_t rows) {
  const char* p = in->position();
  const size_t fit = std::min(rows, in->left());
  size_t read = 0;
  for (; read < fit && (static_cast<uint8_t>(p[read]) | 1) == 0xc3; ++read) out[read] = static_cast<uint8_t>(p[read]) & 1;
  in->Seek(p + read);
  return read;
}

/// A string, most of which have less than 32 bytes.
inline bool ReadShortString(MsgpackReader* in, std::string_view* text) {
  const char* const p = in->position();
  if (p < in->end() && (static_cast<uint8_t>(*p) & 0xe0) == 0xa0) {
    const size_t size = static_cast<uint8_t>(*p) & 0x1f;
    if (in->left() <= size) return false;
    *text = {p + 1, size};
    in->Seek(p + 1 + size);
    return true;
  }
  return in->ReadString(text);
}

/// Strings for a tag column. Ends also at one that is longer than `bytes_max`, or is no text: the caller says so.
///
/// Rows of a fleet come in the same order again and again, so the value after each value is tried before it is looked up.
size_t ReadTagRun(MsgpackReader* in, ColumnBuilder* column, uint32_t* out, size_t rows, size_t bytes_max) {
  const StringColumn& dictionary = column->dictionary();
  PodVector<uint32_t> next_code;  // by code: the code that came after it
  uint32_t last = UINT32_MAX;
  for (size_t read = 0; read < rows; ++read) {
    const char* const before = in->position();
    std::string_view text;
    if (!ReadShortString(in, &text)) return read;
    uint32_t code = last != UINT32_MAX ? next_code[last] : UINT32_MAX;
    if (code == UINT32_MAX || !SameBytes(dictionary[code], text)) {
      const size_t known = dictionary.size();
      if (text.size() <= bytes_max) code = column->Intern(text);
      if (text.size() > bytes_max || (dictionary.size() != known && !IsUtf8(text))) {
        in->Seek(before);
        return read;
      }
      if (last != UINT32_MAX) next_code[last] = code;
      next_code.Resize(dictionary.size(), code);  // most often a value is followed by itself
    }
    out[read] = code;
    last = code;
  }
  return rows;
}

size_t ReadRun(MsgpackReader* in, size_t row, size_t rows, ColumnBuilder* column, StringsAs strings) {
  size_t read = 0;
  switch (column->type()) {
    case ColumnType::kFloat64: read = ReadFloatRun(in, column->RoomForWords(row, rows), rows); break;
    case ColumnType::kInt64: read = ReadIntegerRun(in, column->RoomForWords(row, rows), rows); break;
    case ColumnType::kBool: read = ReadBoolRun(in, column->RoomForBools(row, rows), rows); break;
    case ColumnType::kTag: {
      const size_t bytes_max = MayBecomeStrings(strings, *column) ? kTagValueBytesMax : SIZE_MAX;
      read = ReadTagRun(in, column, column->RoomForCodes(row, rows), rows, bytes_max);
      break;
    }
    case ColumnType::kUInt64:
    case ColumnType::kString: return 0;  // value by value
  }
  column->Added(read);
  return read;
}

bool IsLongForTag(const MsgpackReader& in, StringsAs strings, const ColumnBuilder& column) {
  if (!MayBecomeStrings(strings, column)) return false;
  MsgpackReader at = in;
  std::string_view text;
  return at.ReadString(&text) && text.size() > kTagValueBytesMax;
}

}  // namespace

ColumnBuilder* FindMsgpackColumn(const MsgpackReader& in, std::string_view name, StringsAs strings, TableBuilder* table,
                                 std::string* reason) {
  auto type = TypeOfValue(in, strings);
  if (!type) {
    *reason = fmt::format("column '{}' cannot hold {}", name, in.Found());
    return nullptr;
  }
  // What fits into a column that there is decides the value, not the type that a new column would get.
  if (const auto known = table->TypeOf(name)) type = *known;
  return table->FindOrAdd(name, *type, reason);
}

bool ReadMsgpackValue(MsgpackReader* in, size_t row, ColumnBuilder* column, TableBuilder* table, std::string* reason) {
  reason->clear();
  bool read = false;
  switch (column->type()) {
    case ColumnType::kFloat64:
    case ColumnType::kInt64:
    case ColumnType::kUInt64: read = ReadNumber(in, row, column); break;
    case ColumnType::kBool: {
      bool value = false;
      read = in->ReadBool(&value);
      if (read) column->PutBool(row, value);
      break;
    }
    case ColumnType::kTag:
    case ColumnType::kString: read = ReadStringValue(in, row, column, reason); break;
  }
  return read || (!reason->empty() ? false : Conflict(*in, column, table, reason));
}

bool ReadMsgpackColumn(MsgpackReader* in, std::string_view name, StringsAs strings, size_t row, size_t rows,
                       TableBuilder* table, std::string* reason) {
  size_t read = 0;
  while (read < rows && in->ReadNil()) ++read;
  const auto known = table->TypeOf(name);
  if (read == rows) {
    // Nothing is kept that its name could be wrong for, as where the table is new.
    std::string ignored;
    if (known) (void)table->FindOrAdd(name, *known, &ignored);
    return true;
  }
  const auto fail = [&] {
    *reason += fmt::format(" in row {}", read + 1);
    return false;
  };
  ColumnBuilder* const column = FindMsgpackColumn(*in, name, strings, table, reason);
  if (column == nullptr) return fail();
  while (read < rows) {
    read += ReadRun(in, row + read, rows - read, column, strings);
    if (read == rows) break;
    if (in->ReadNil()) {
      ++read;
      continue;
    }
    if (IsLongForTag(*in, strings, *column)) column->TagsToStrings();
    if (!ReadMsgpackValue(in, row + read, column, table, reason)) return fail();
    ++read;
  }
  DecideStrings(rows, strings, column);
  return true;
}

}  // namespace gigapi
