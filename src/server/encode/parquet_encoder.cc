#include <arrow/io/interfaces.h>
#include <arrow/util/byte_size.h>
#include <parquet/arrow/writer.h>

#include "server/encode/encoders.h"

namespace gigapi {
namespace {

/// What readers like: large enough to skip by, small enough to be held. A row group is in memory, compressed, until it is
/// full; rows of wide tables fill it by their bytes.
constexpr int64_t kRowGroupRows = 122'880;
constexpr int64_t kRowGroupBytes = 64 << 20;

/// Writes to whichever buffer is at hand; without one, nowhere. Parquet notes offsets, so it counts over all of them.
class OutputBufferSink final : public arrow::io::OutputStream {
 public:
  void Use(OutputBuffer* out) { out_ = out; }

  Status Write(const void* data, int64_t bytes) override {
    if (out_ != nullptr) out_->Append({static_cast<const char*>(data), static_cast<size_t>(bytes)});
    written_ += bytes;
    return Status::OK();
  }
  Result<int64_t> Tell() const override { return written_; }
  Status Close() override {
    closed_ = true;
    return Status::OK();
  }
  bool closed() const override { return closed_; }

 private:
  OutputBuffer* out_ = nullptr;
  int64_t written_ = 0;
  bool closed_ = false;
};

class ParquetEncoder final : public ResultEncoder {
 public:
  explicit ParquetEncoder(std::shared_ptr<arrow::Schema> schema) : schema_(std::move(schema)) {}
  /// An answer that was broken off: the writer closes the file while it goes, and the last buffer has gone before.
  ~ParquetEncoder() override { sink_->Use(nullptr); }

  std::string_view content_type() const override { return "application/vnd.apache.parquet"; }

  Status Begin(OutputBuffer* out) override {
    sink_->Use(out);
    const auto properties = parquet::WriterProperties::Builder()
                                .compression(parquet::Compression::SNAPPY)
                                ->max_row_group_length(kRowGroupRows)
                                ->build();
    auto opened = parquet::arrow::FileWriter::Open(*schema_, arrow::default_memory_pool(), sink_, properties);
    if (opened.status().IsNotImplemented()) {
      return Errorf(ErrorKind::kInvalidArgument, "Parquet has no place for this result: {}", opened.status().message());
    }
    ARROW_RETURN_NOT_OK(opened.status());
    writer_ = *std::move(opened);
    return Status::OK();
  }

  Result<int64_t> Encode(const arrow::RecordBatch& batch, int64_t row, size_t, OutputBuffer* out) override {
    sink_->Use(out);
    const auto rows = row == 0 ? nullptr : batch.Slice(row);
    ARROW_RETURN_NOT_OK(writer_->WriteRecordBatch(rows == nullptr ? batch : *rows));
    group_bytes_ += arrow::util::TotalBufferSize(batch);
    if (group_bytes_ >= kRowGroupBytes) {
      ARROW_RETURN_NOT_OK(writer_->NewBufferedRowGroup());
      group_bytes_ = 0;
    }
    return batch.num_rows();
  }

  Result<bool> End(size_t, OutputBuffer* out) override {
    sink_->Use(out);
    ARROW_RETURN_NOT_OK(writer_->Close());
    return true;
  }

 private:
  const std::shared_ptr<arrow::Schema> schema_;
  const std::shared_ptr<OutputBufferSink> sink_ = std::make_shared<OutputBufferSink>();
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
  int64_t group_bytes_ = 0;
};

}  // namespace

std::unique_ptr<ResultEncoder> MakeParquetEncoder(std::shared_ptr<arrow::Schema> schema) {
  return std::make_unique<ParquetEncoder>(std::move(schema));
}

}  // namespace gigapi
