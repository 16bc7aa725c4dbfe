#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/writer.h>

#include "server/encode/encoders.h"

namespace gigapi {
namespace {

class ArrowEncoder final : public ResultEncoder {
 public:
  explicit ArrowEncoder(std::shared_ptr<arrow::Schema> schema) : schema_(std::move(schema)) {}

  std::string_view content_type() const override { return "application/vnd.apache.arrow.stream"; }

  Status Begin(OutputBuffer* out) override {
    ARROW_ASSIGN_OR_RAISE(sink_, arrow::io::BufferOutputStream::Create());
    ARROW_ASSIGN_OR_RAISE(writer_, arrow::ipc::MakeStreamWriter(sink_, schema_));
    return Drain(out);
  }

  Result<int64_t> Encode(const arrow::RecordBatch& batch, int64_t row, size_t, OutputBuffer* out) override {
    ARROW_RETURN_NOT_OK(writer_->WriteRecordBatch(row == 0 ? batch : *batch.Slice(row)));
    ARROW_RETURN_NOT_OK(Drain(out));
    return batch.num_rows();
  }

  Status End(OutputBuffer* out) override {
    ARROW_RETURN_NOT_OK(writer_->Close());
    return Drain(out);
  }

 private:
  /// Moves what the writer has written so far.
  Status Drain(OutputBuffer* out) {
    ARROW_ASSIGN_OR_RAISE(const auto buffer, sink_->Finish());
    out->Append({reinterpret_cast<const char*>(buffer->data()), static_cast<size_t>(buffer->size())});
    return sink_->Reset();
  }

  const std::shared_ptr<arrow::Schema> schema_;
  std::shared_ptr<arrow::io::BufferOutputStream> sink_;
  std::shared_ptr<arrow::ipc::RecordBatchWriter> writer_;
};

}  // namespace

std::unique_ptr<ResultEncoder> MakeArrowEncoder(std::shared_ptr<arrow::Schema> schema) {
  return std::make_unique<ArrowEncoder>(std::move(schema));
}

}  // namespace gigapi
