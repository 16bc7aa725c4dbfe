#include "wal/wal_record.h"

#include <cstring>

namespace gigapi::wal {
namespace {

constexpr uint8_t kFormatVersion = 1;

class Encoder {
 public:
  explicit Encoder(size_t expected_bytes) { out_.Reserve(expected_bytes); }

  template <typename T>
  void Number(T value) {
    Raw(&value, sizeof(value));
  }
  void Text(std::string_view text) {
    Number(static_cast<uint32_t>(text.size()));
    Raw(text.data(), text.size());
  }
  template <typename T>
  void Array(const PodVector<T>& values) {
    Raw(values.data(), values.size() * sizeof(T));
  }

  void Rows(const ColumnBatch& batch) {
    Number(static_cast<uint32_t>(batch.rows()));
    Number(static_cast<uint32_t>(batch.columns.size()));
    Array(batch.time);
    for (const gigapi::Column& column : batch.columns) Column(column);
  }
  PodVector<char> Take() { return std::move(out_); }

 private:
  void Raw(const void* bytes, size_t size) { out_.Append(static_cast<const char*>(bytes), size); }

  void Column(const gigapi::Column& column) {
    Text(column.name);
    Number(static_cast<uint8_t>(column.type));
    Number(static_cast<uint8_t>(column.valid.empty() ? 0 : 1));
    if (!column.valid.empty()) Validity(column.valid);
    switch (column.type) {
      case ColumnType::kFloat64:
      case ColumnType::kInt64:
      case ColumnType::kUInt64: Array(column.words); break;
      case ColumnType::kBool: Array(column.bools); break;
      case ColumnType::kTag:
        Strings(column.strings);
        Codes(column.codes, column.strings.size());
        break;
      case ColumnType::kString: Strings(column.strings); break;
    }
  }

  void Validity(const PodVector<uint8_t>& valid) {
    for (size_t row = 0; row < valid.size(); row += 8) {
      uint8_t bits = 0;
      for (size_t i = row; i < valid.size() && i < row + 8; ++i) bits |= static_cast<uint8_t>(valid[i] << (i - row));
      Number(bits);
    }
  }

  void Strings(const StringColumn& strings) {
    Number(static_cast<uint32_t>(strings.size()));
    Array(strings.offsets());
    Array(strings.bytes());
  }

  /// As few bytes a code as the dictionary allows.
  void Codes(const PodVector<uint32_t>& codes, size_t dictionary_size) {
    if (dictionary_size <= 1 << 8) NarrowCodes<uint8_t>(codes);
    else if (dictionary_size <= 1 << 16) NarrowCodes<uint16_t>(codes);
    else Array(codes);
  }
  template <typename T>
  void NarrowCodes(const PodVector<uint32_t>& codes) {
    const size_t start = out_.size();
    out_.Resize(start + codes.size() * sizeof(T));
    char* out = out_.data() + start;
    for (size_t i = 0; i < codes.size(); ++i) {
      const T code = static_cast<T>(codes[i]);
      std::memcpy(out + i * sizeof(T), &code, sizeof(T));
    }
  }

  PodVector<char> out_;
};

class Decoder {
 public:
  explicit Decoder(std::string_view in) : in_(in) {}

  template <typename T>
  Result<T> Number() {
    T value{};
    ARROW_RETURN_NOT_OK(Raw(&value, sizeof(value)));
    return value;
  }
  Result<std::string> Text() {
    ARROW_ASSIGN_OR_RAISE(const auto size, Number<uint32_t>());
    ARROW_ASSIGN_OR_RAISE(const auto bytes, View(size));
    return std::string(bytes);
  }

  Result<ColumnBatch> Rows() {
    ARROW_ASSIGN_OR_RAISE(const auto rows, Number<uint32_t>());
    ARROW_ASSIGN_OR_RAISE(const auto columns, Number<uint32_t>());
    ColumnBatch batch;
    ARROW_RETURN_NOT_OK(Array(rows, &batch.time));
    for (uint32_t i = 0; i < columns; ++i) {
      ARROW_ASSIGN_OR_RAISE(gigapi::Column column, Column(rows));
      batch.columns.push_back(std::move(column));
    }
    ARROW_RETURN_NOT_OK(Validate(batch));
    batch.ComputeTimeRange();
    return batch;
  }

 private:
  Result<std::string_view> View(uint64_t size) {
    if (size > in_.size()) return Error(ErrorKind::kInvalidArgument, "a WAL record ends too early");
    const std::string_view view = in_.substr(0, size);
    in_.remove_prefix(size);
    return view;
  }
  Status Raw(void* out, uint64_t size) {
    ARROW_ASSIGN_OR_RAISE(const auto view, View(size));
    if (size > 0) std::memcpy(out, view.data(), size);
    return Status::OK();
  }
  template <typename T>
  Status Array(uint64_t count, PodVector<T>* out) {
    ARROW_ASSIGN_OR_RAISE(const auto view, View(count * sizeof(T)));
    out->Resize(count);
    if (count > 0) std::memcpy(out->data(), view.data(), view.size());
    return Status::OK();
  }

  Result<gigapi::Column> Column(uint32_t rows) {
    gigapi::Column column;
    ARROW_ASSIGN_OR_RAISE(column.name, Text());
    ARROW_ASSIGN_OR_RAISE(const auto type, Number<uint8_t>());
    column.type = static_cast<ColumnType>(type);
    ARROW_ASSIGN_OR_RAISE(const auto has_nulls, Number<uint8_t>());
    if (has_nulls != 0) ARROW_RETURN_NOT_OK(Validity(rows, &column.valid));
    switch (column.type) {
      case ColumnType::kFloat64:
      case ColumnType::kInt64:
      case ColumnType::kUInt64: ARROW_RETURN_NOT_OK(Array(rows, &column.words)); break;
      case ColumnType::kBool: ARROW_RETURN_NOT_OK(Array(rows, &column.bools)); break;
      case ColumnType::kTag:
        ARROW_RETURN_NOT_OK(Strings(&column.strings));
        ARROW_RETURN_NOT_OK(Codes(rows, column.strings.size(), &column.codes));
        break;
      case ColumnType::kString: ARROW_RETURN_NOT_OK(Strings(&column.strings)); break;
      default: return Error(ErrorKind::kInvalidArgument, "a WAL record has a column of an unknown type");
    }
    return column;
  }

  Status Validity(uint32_t rows, PodVector<uint8_t>* valid) {
    ARROW_ASSIGN_OR_RAISE(const auto bits, View((uint64_t{rows} + 7) / 8));
    valid->Resize(rows);
    for (uint32_t row = 0; row < rows; ++row) (*valid)[row] = static_cast<uint8_t>(bits[row / 8]) >> (row % 8) & 1;
    return Status::OK();
  }

  Status Strings(StringColumn* strings) {
    ARROW_ASSIGN_OR_RAISE(const auto count, Number<uint32_t>());
    ARROW_RETURN_NOT_OK(Array(uint64_t{count} + 1, &strings->mutable_offsets()));
    return Array(strings->offsets().back(), &strings->mutable_bytes());
  }

  Status Codes(uint32_t rows, size_t dictionary_size, PodVector<uint32_t>* codes) {
    if (dictionary_size <= 1 << 8) return WideCodes<uint8_t>(rows, codes);
    if (dictionary_size <= 1 << 16) return WideCodes<uint16_t>(rows, codes);
    return Array(rows, codes);
  }
  template <typename T>
  Status WideCodes(uint32_t rows, PodVector<uint32_t>* codes) {
    PodVector<T> narrow;
    ARROW_RETURN_NOT_OK(Array(rows, &narrow));
    codes->Resize(rows);
    for (uint32_t i = 0; i < rows; ++i) (*codes)[i] = narrow[i];
    return Status::OK();
  }

  std::string_view in_;
};

}  // namespace

PodVector<char> EncodeRecord(std::string_view database, const std::vector<TableRows>& tables) {
  size_t expected_bytes = 64 + database.size();
  for (const TableRows& table : tables) expected_bytes += table.rows.MemoryBytes() + 64;
  Encoder encoder(expected_bytes);
  encoder.Number(kFormatVersion);
  encoder.Text(database);
  encoder.Number(static_cast<uint32_t>(tables.size()));
  for (const TableRows& table : tables) {
    encoder.Text(table.table);
    encoder.Rows(table.rows);
  }
  return encoder.Take();
}

PodVector<char> EncodeRows(const ColumnBatch& rows) {
  Encoder encoder(rows.MemoryBytes() + 64);
  encoder.Number(kFormatVersion);
  encoder.Rows(rows);
  return encoder.Take();
}

Result<ColumnBatch> DecodeRows(std::string_view payload) {
  Decoder decoder(payload);
  ARROW_ASSIGN_OR_RAISE(const auto version, decoder.Number<uint8_t>());
  if (version != kFormatVersion) {
    return Errorf(ErrorKind::kUnsupported, "rows have format {}, this server knows {}", version, kFormatVersion);
  }
  return decoder.Rows();
}

Result<DecodedRecord> DecodeRecord(std::string_view payload) {
  Decoder decoder(payload);
  ARROW_ASSIGN_OR_RAISE(const auto version, decoder.Number<uint8_t>());
  if (version != kFormatVersion) {
    return Errorf(ErrorKind::kUnsupported, "a WAL record has format {}, this server knows {}", version, kFormatVersion);
  }
  DecodedRecord record;
  ARROW_ASSIGN_OR_RAISE(record.database, decoder.Text());
  ARROW_ASSIGN_OR_RAISE(const auto tables, decoder.Number<uint32_t>());
  for (uint32_t i = 0; i < tables; ++i) {
    TableRows rows;
    ARROW_ASSIGN_OR_RAISE(rows.table, decoder.Text());
    ARROW_ASSIGN_OR_RAISE(rows.rows, decoder.Rows());
    record.tables.push_back(std::move(rows));
  }
  return record;
}

}  // namespace gigapi::wal
