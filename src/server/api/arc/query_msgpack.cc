// Arc's MessagePack answer: a map whose "data" holds one array a column.
#include <arrow/type.h>
#include <arrow/util/byte_size.h>
#include <fmt/format.h>

#include "server/api/arc/query_answer.h"
#include "server/encode/cell.h"
#include "server/encode/msgpack_writer.h"
#include "server/encode/other_value.h"
#include "server/error_table.h"

namespace gigapi::arc {
namespace {

constexpr std::string_view kMediaType = "application/msgpack";

std::string_view UnitName(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND: return "s";
    case arrow::TimeUnit::MILLI: return "ms";
    case arrow::TimeUnit::MICRO: return "us";
    case arrow::TimeUnit::NANO: return "ns";
  }
  return "us";
}

/// The names that Arc publishes: of what is on the wire, so what goes as text is "string_encoded" or its bare kind.
std::string TypeName(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL: return "bool";
    case arrow::Type::INT8: return "int8";
    case arrow::Type::INT16: return "int16";
    case arrow::Type::INT32: return "int32";
    case arrow::Type::INT64: return "int64";
    case arrow::Type::UINT8: return "uint8";
    case arrow::Type::UINT16: return "uint16";
    case arrow::Type::UINT32: return "uint32";
    case arrow::Type::UINT64: return "uint64";
    case arrow::Type::FLOAT: return "float32";
    case arrow::Type::DOUBLE: return "float64";
    case arrow::Type::STRING:
    case arrow::Type::STRING_VIEW: return "utf8";
    case arrow::Type::LARGE_STRING: return "large_utf8";
    case arrow::Type::DATE32: return "date32";
    case arrow::Type::TIMESTAMP:
      return fmt::format("timestamp[{}]", UnitName(static_cast<const arrow::TimestampType&>(type).unit()));
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
    case arrow::Type::FIXED_SIZE_LIST: return "list";
    case arrow::Type::STRUCT: return "struct";
    case arrow::Type::MAP: return "map";
    case arrow::Type::NA: return "null";
    default: return "string_encoded";
  }
}

void WriteTicks(int64_t ticks, int64_t per_second, MsgpackWriter* out) {
  const int64_t seconds = ticks / per_second - (ticks % per_second < 0 ? 1 : 0);
  out->Timestamp(seconds, static_cast<uint32_t>((ticks - seconds * per_second) * (1'000'000'000 / per_second)));
}

void WriteText(const Cells& cells, int64_t row, MsgpackWriter* out) {
  std::string json;
  AppendJsonValue(*cells.array, row, TimeFormat::kRfc3339, &json);
  const bool plain = json.size() >= 2 && json.front() == '"' && json.find('\\') == std::string::npos;
  out->String(plain ? std::string_view(json).substr(1, json.size() - 2) : std::string_view(json));
}

void WriteCell(const Cells& cells, int64_t row, MsgpackWriter* out) {
  if (!cells.IsValid(row)) return out->Nil();
  switch (cells.kind) {
    case CellKind::kNull: return out->Nil();
    case CellKind::kBool: return out->Bool(cells.Bool(row));
    case CellKind::kInt8: return out->Int64(cells.Value<int8_t>(row));
    case CellKind::kInt16: return out->Int64(cells.Value<int16_t>(row));
    case CellKind::kInt32: return out->Int64(cells.Value<int32_t>(row));
    case CellKind::kInt64:
    case CellKind::kEpochNanos: return out->Int64(cells.Value<int64_t>(row));
    case CellKind::kUInt8: return out->UInt64(cells.Value<uint8_t>(row));
    case CellKind::kUInt16: return out->UInt64(cells.Value<uint16_t>(row));
    case CellKind::kUInt32: return out->UInt64(cells.Value<uint32_t>(row));
    case CellKind::kUInt64: return out->UInt64(cells.Value<uint64_t>(row));
    case CellKind::kFloat: return out->Float(cells.Value<float>(row));
    case CellKind::kDouble: return out->Double(cells.Value<double>(row));
    case CellKind::kString:
    case CellKind::kLargeString:
    case CellKind::kStringView: return out->String(cells.String(row));
    case CellKind::kSeconds: return WriteTicks(cells.Value<int64_t>(row), 1, out);
    case CellKind::kMillis: return WriteTicks(cells.Value<int64_t>(row), 1'000, out);
    case CellKind::kMicros: return WriteTicks(cells.Value<int64_t>(row), 1'000'000, out);
    case CellKind::kNanos: return WriteTicks(cells.Value<int64_t>(row), 1'000'000'000, out);
    case CellKind::kDate: return out->Timestamp(cells.Value<int32_t>(row) * int64_t{86'400}, 0);
    case CellKind::kOther: return WriteText(cells, row, out);
  }
}

class MsgpackAnswer final : public ResultEncoder {
 public:
  MsgpackAnswer(std::shared_ptr<arrow::Schema> schema, const Arrival& arrival, int64_t bytes_max)
      : schema_(std::move(schema)), arrival_(arrival), bytes_max_(bytes_max) {}

  std::string_view content_type() const override { return kMediaType; }
  Status Begin(OutputBuffer*) override { return Status::OK(); }

  Result<int64_t> Encode(const arrow::RecordBatch& batch, int64_t row, size_t, OutputBuffer*) override {
    batches_.push_back(batch.Slice(row));
    rows_ += static_cast<uint64_t>(batch.num_rows() - row);
    bytes_ += arrow::util::TotalBufferSize(batch);
    if (bytes_ > bytes_max_) {
      return Errorf(ErrorKind::kTooLarge,
                    "The result has more than {} bytes, which is the limit for MessagePack: ask for Arrow or JSON",
                    bytes_max_);
    }
    return batch.num_rows();
  }

  Result<bool> End(size_t bytes_wanted, OutputBuffer* out) override {
    MsgpackWriter writer(out);
    if (!begun_) WriteHead(&writer);
    begun_ = true;
    for (; column_ < schema_->num_fields(); ++column_, batch_ = 0) {
      for (; batch_ < batches_.size(); ++batch_) {
        if (out->size() >= bytes_wanted) return false;
        if (batch_ == 0) writer.Array(rows_);
        WriteColumn(*batches_[batch_]->column(column_), &writer);
      }
      if (batches_.empty()) writer.Array(0);
    }
    WriteTail(&writer);
    return true;
  }

 private:
  static void WriteColumn(const arrow::Array& array, MsgpackWriter* writer) {
    const Cells cells = MakeCells(array, TimeFormat::kRfc3339);
    for (int64_t row = 0; row < array.length(); ++row) WriteCell(cells, row, writer);
  }

  void WriteHead(MsgpackWriter* writer) const {
    writer->SmallMap(7);
    writer->String("success");
    writer->Bool(true);
    writer->String("columns");
    writer->Array(static_cast<uint64_t>(schema_->num_fields()));
    for (const auto& field : schema_->fields()) writer->String(field->name());
    writer->String("types");
    writer->Array(static_cast<uint64_t>(schema_->num_fields()));
    for (const auto& field : schema_->fields()) writer->String(TypeName(*field->type()));
    writer->String("data");
    writer->Array(static_cast<uint64_t>(schema_->num_fields()));
  }

  void WriteTail(MsgpackWriter* writer) const {
    writer->String("row_count");
    writer->UInt64(rows_);
    writer->String("execution_time_ms");
    writer->UInt64(static_cast<uint64_t>(arrival_.ElapsedMillis()));
    writer->String("timestamp");
    writer->String(arrival_.Timestamp());
  }

  const std::shared_ptr<arrow::Schema> schema_;
  const Arrival arrival_;
  const int64_t bytes_max_;
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches_;
  uint64_t rows_ = 0;
  int64_t bytes_ = 0;
  bool begun_ = false;
  int column_ = 0;    // that End writes next
  size_t batch_ = 0;  // of it
};

}  // namespace

std::unique_ptr<ResultEncoder> MakeMsgpackAnswer(std::shared_ptr<arrow::Schema> schema, const Arrival& arrival,
                                                 int64_t bytes_max) {
  return std::make_unique<MsgpackAnswer>(std::move(schema), arrival, bytes_max);
}

http::Response MsgpackFailure(const Status& status, const Arrival& arrival) {
  http::Response response = ResponseFor(status);
  response.headers.emplace_back("Content-Type", std::string(kMediaType));
  OutputBuffer out;
  MsgpackWriter writer(&out);
  writer.SmallMap(4);
  writer.String("success");
  writer.Bool(false);
  writer.String("error");
  writer.String(ClientMessage(status));
  writer.String("execution_time_ms");
  writer.UInt64(static_cast<uint64_t>(arrival.ElapsedMillis()));
  writer.String("timestamp");
  writer.String(arrival.Timestamp());
  response.body = out.Take();
  return response;
}

}  // namespace gigapi::arc
