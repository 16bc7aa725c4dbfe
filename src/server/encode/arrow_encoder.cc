#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/writer.h>
#include <arrow/util/compression.h>

#include "server/encode/encoders.h"

namespace gigapi {
namespace {

class ArrowEncoder final : public ResultEncoder {
 public:
  ArrowEncoder(std::shared_ptr<arrow::Schema> schema, arrow::Compression::type buffers)
      : schema_(std::move(schema)), buffers_(buffers) {}

  std::string_view content_type() const override { return "application/vnd.apache.arrow.stream"; }

  Status Begin(OutputBuffer* out) override {
    ARROW_ASSIGN_OR_RAISE(sink_, arrow::io::BufferOutputStream::Create());
    arrow::ipc::IpcWriteOptions options = arrow::ipc::IpcWriteOptions::Defaults();
    if (buffers_ != arrow::Compression::UNCOMPRESSED) {
      ARROW_ASSIGN_OR_RAISE(options.codec, arrow::util::Codec::Create(buffers_));
    }
    ARROW_ASSIGN_OR_RAISE(writer_, arrow::ipc::MakeStreamWriter(sink_, schema_, options));
    return Drain(out);
  }

  Result<int64_t> Encode(const arrow::RecordBatch& batch, int64_t row, size_t, OutputBuffer* out) override {
    ARROW_RETURN_NOT_OK(writer_->WriteRecordBatch(row == 0 ? batch : *batch.Slice(row)));
    ARROW_RETURN_NOT_OK(Drain(out));
    return batch.num_rows();
  }

  Result<bool> End(size_t, OutputBuffer* out) override {
    ARROW_RETURN_NOT_OK(writer_->Close());
    ARROW_RETURN_NOT_OK(Drain(out));
    return true;
  }

 private:
  /// Moves what the writer has written so far.
  Status Drain(OutputBuffer* out) {
    ARROW_ASSIGN_OR_RAISE(const auto buffer, sink_->Finish());
    out->Append({reinterpret_cast<const char*>(buffer->data()), static_cast<size_t>(buffer->size())});
    return sink_->Reset();
  }

  const std::shared_ptr<arrow::Schema> schema_;
  const arrow::Compression::type buffers_;
  std::shared_ptr<arrow::io::BufferOutputStream> sink_;
  std::shared_ptr<arrow::ipc::RecordBatchWriter> writer_;
};

}  // namespace

std::unique_ptr<ResultEncoder> MakeArrowEncoder(std::shared_ptr<arrow::Schema> schema, arrow::Compression::type buffers) {
  return std::make_unique<ArrowEncoder>(std::move(schema), buffers);
}

}  // namespace gigapi
