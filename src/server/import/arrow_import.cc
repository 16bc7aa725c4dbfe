#include "server/import/arrow_import.h"

#include <arrow/buffer.h>
#include <arrow/io/file.h>
#include <arrow/io/interfaces.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "base/temporary_file.h"
#include "ingest/arrow_rows.h"
#include "ingest/decoding_pool.h"
#include "ingest/row_options.h"

namespace gigapi {
namespace {

/// Of one import, at once: a record batch of Arrow as it was sent and decompressed, the pages of Parquet that are open.
constexpr int64_t kDecodedBytesMax = int64_t{1} << 30;

/// A body as Arrow reads streams.
class BodyStream final : public arrow::io::InputStream {
 public:
  BodyStream(http::BodyReader* body, arrow::MemoryPool* pool) : body_(body), pool_(pool) {}

  arrow::Status Close() override {
    closed_ = true;
    return Status::OK();
  }
  bool closed() const override { return closed_; }
  arrow::Result<int64_t> Tell() const override { return position_; }

  arrow::Result<int64_t> Read(int64_t bytes, void* out) override {
    auto* target = static_cast<char*>(out);
    int64_t read = 0;
    while (read < bytes) {
      if (rest_.empty()) ARROW_RETURN_NOT_OK(Fill());
      if (rest_.empty()) break;
      const size_t size = std::min(rest_.size(), static_cast<size_t>(bytes - read));
      std::memcpy(target + read, rest_.data(), size);
      rest_.remove_prefix(size);
      read += static_cast<int64_t>(size);
    }
    position_ += read;
    return read;
  }

  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t bytes) override {
    ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateResizableBuffer(bytes, pool_));
    ARROW_ASSIGN_OR_RAISE(const int64_t read, Read(bytes, buffer->mutable_data()));
    ARROW_RETURN_NOT_OK(buffer->Resize(read));
    return std::shared_ptr<arrow::Buffer>(std::move(buffer));
  }

  /// A few bytes, as a piece has many.
  arrow::Result<std::string_view> Peek(int64_t bytes) override {
    if (rest_.empty()) ARROW_RETURN_NOT_OK(Fill());
    return rest_.substr(0, static_cast<size_t>(bytes));
  }

 private:
  Status Fill() { return body_->Next().Value(&rest_); }

  http::BodyReader* const body_;
  arrow::MemoryPool* const pool_;
  std::string_view rest_;
  int64_t position_ = 0;
  bool closed_ = false;
};

Status CheckTime(const arrow::Schema& schema, const ParseOptions& options) {
  const auto has = [&](std::string_view name) { return schema.GetFieldIndex(std::string(name)) >= 0; };
  const bool found =
      options.time_column.empty() ? std::any_of(kTimeNames.begin(), kTimeNames.end(), has) : has(options.time_column);
  if (found) return Status::OK();
  return Errorf(ErrorKind::kInvalidArgument, "time column \"{}\" not found in file",
                options.time_column.empty() ? "time" : options.time_column);
}

/// Rows count as lines do.
Status WriteBatches(const ImportRequest& request, const ParseOptions& options, arrow::RecordBatchReader* batches,
                    ImportWriter* writer) {
  if (request.needs_time) ARROW_RETURN_NOT_OK(CheckTime(*batches->schema(), options));
  int64_t rows_before = 0;
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    ARROW_RETURN_NOT_OK(batches->ReadNext(&batch));
    if (batch == nullptr) return Status::OK();
    ARROW_RETURN_NOT_OK(
        writer->Write([&](const SchemaSource& schemas) { return ParseRecordBatch(*batch, options, schemas); },
                      [&](int64_t row) { return rows_before + row; }));
    rows_before += batch->num_rows();
  }
}

/// Failures of the body have a kind of their own, those of Arrow are about its bytes.
Status AboutBytes(const Status& status, std::string_view format) {
  if (status.ok() || status.detail() != nullptr) return status;
  return Errorf(ErrorKind::kInvalidArgument, "not {}: {}", format, status.message());
}

Result<std::shared_ptr<arrow::io::RandomAccessFile>> Spool(const ImportLimits& limits, http::BodyReader* body) {
  if (limits.spool_directory.empty()) return Error(ErrorKind::kUnsupported, "Parquet cannot be imported here");
  ARROW_ASSIGN_OR_RAISE(TemporaryFile file, TemporaryFile::Create(limits.spool_directory));
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const std::string_view bytes, body->Next());
    if (bytes.empty()) break;
    if (file.size() + static_cast<int64_t>(bytes.size()) > limits.spool_bytes_max) {
      return Errorf(ErrorKind::kTooLarge, "the Parquet file is larger than {} bytes", limits.spool_bytes_max);
    }
    ARROW_RETURN_NOT_OK(file.Append(bytes));
  }
  if (file.size() == 0) return Error(ErrorKind::kInvalidArgument, "file is empty");
  return arrow::io::ReadableFile::Open(file.Release());
}

}  // namespace

Status ImportArrow(const ImportRequest& request, const ParseOptions& options, http::BodyReader* body, ImportWriter* writer) {
  DecodingPool pool(kDecodedBytesMax);
  BodyStream stream(body, pool.get());
  ARROW_ASSIGN_OR_RAISE(const auto batches, ReadArrowStream(&stream, pool.get()));
  ARROW_RETURN_NOT_OK(AboutBytes(WriteBatches(request, options, batches.get(), writer), "Arrow IPC"));
  while (true) {  // an Arrow file has its directory here
    ARROW_ASSIGN_OR_RAISE(const std::string_view rest, body->Next());
    if (rest.empty()) return Status::OK();
  }
}

Status ImportParquet(const ImportRequest& request, const ParseOptions& options, const ImportLimits& limits,
                     http::BodyReader* body, ImportWriter* writer) {
  ARROW_ASSIGN_OR_RAISE(auto file, Spool(limits, body));
  DecodingPool pool(kDecodedBytesMax);
  ARROW_ASSIGN_OR_RAISE(const auto batches, ReadParquetFile(std::move(file), pool.get()));
  return AboutBytes(WriteBatches(request, options, batches.get(), writer), "a Parquet file");
}

}  // namespace gigapi
