// Bodies of Arrow and Parquet that are read in parts.
#include <arrow/io/interfaces.h>
#include <arrow/ipc/reader.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <parquet/arrow/reader.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>

#include "ingest/arrow_rows.h"
#include "ingest/parquet_times.h"

namespace gigapi {
namespace {

/// Of a column chunk, how much is read at once.
constexpr int64_t kReadAheadBytes = 256 << 10;
/// An Arrow file begins with this, and goes on as a stream does.
constexpr std::string_view kFileMagic("ARROW1\0\0", 8);

/// Anything else is about the bytes, and the caller's to name.
Status TellOutOfMemory(const Status& status) {
  if (!status.IsOutOfMemory()) return status;
  return Error(ErrorKind::kTooLarge,
               "what must be decoded at once takes too much memory: write the file in smaller batches");
}

Status NotParquet(std::string_view reason) { return Errorf(ErrorKind::kInvalidArgument, "not a Parquet file: {}", reason); }

/// A file and the reader of its rows, which refers to it. libparquet's exceptions end here.
class ParquetBatches final : public arrow::RecordBatchReader {
 public:
  static Result<std::shared_ptr<arrow::RecordBatchReader>> Open(std::shared_ptr<arrow::io::RandomAccessFile> file,
                                                                arrow::MemoryPool* pool) {
    auto opened = std::make_shared<ParquetBatches>();
    ARROW_RETURN_NOT_OK(AboutFile([&] { return opened->Begin(std::move(file), pool); }));
    return opened;
  }

  std::shared_ptr<arrow::Schema> schema() const override { return batches_->schema(); }

  Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    return AboutFile([&] { return batches_->ReadNext(batch); });
  }

 private:
  /// Every failure is one of the bytes, and has a kind: also that of reading beyond their end, which Arrow takes for one of
  /// the disk.
  template <typename Read>
  static Status AboutFile(const Read& read) {
    try {
      const Status done = TellOutOfMemory(read());
      return done.ok() || done.detail() != nullptr ? done : NotParquet(done.message());
    } catch (const parquet::ParquetStatusException& failure) {
      const Status told = TellOutOfMemory(failure.status());
      return told.detail() != nullptr ? told : NotParquet(failure.what());
    } catch (const std::bad_alloc&) {
      throw;
    } catch (const std::exception& failure) {
      return NotParquet(failure.what());
    }
  }

  Status Begin(std::shared_ptr<arrow::io::RandomAccessFile> file, arrow::MemoryPool* pool) {
    parquet::ReaderProperties properties(pool);
    properties.enable_buffered_stream();
    properties.set_buffer_size(kReadAheadBytes);
    parquet::ArrowReaderProperties arrow_properties(/*use_threads=*/false);
    arrow_properties.set_batch_size(kReadBatchRows);
    arrow_properties.set_pre_buffer(false);
    std::unique_ptr<parquet::ParquetFileReader> parquet_file = parquet::ParquetFileReader::Open(std::move(file), properties);
    ARROW_RETURN_NOT_OK(CheckInt96Times(parquet_file.get()));
    ARROW_ASSIGN_OR_RAISE(file_, parquet::arrow::FileReader::Make(pool, std::move(parquet_file), arrow_properties));
    return file_->GetRecordBatchReader().Value(&batches_);
  }

  std::unique_ptr<parquet::arrow::FileReader> file_;
  std::unique_ptr<arrow::RecordBatchReader> batches_;
};

/// Batches as a stranger has cut them, in slices that the parser takes at once.
class SlicedBatches final : public arrow::RecordBatchReader {
 public:
  explicit SlicedBatches(std::shared_ptr<arrow::RecordBatchReader> batches) : batches_(std::move(batches)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return batches_->schema(); }

  Status ReadNext(std::shared_ptr<arrow::RecordBatch>* slice) override {
    while (batch_ == nullptr || row_ == batch_->num_rows()) {  // an empty batch is no end
      row_ = 0;
      ARROW_RETURN_NOT_OK(TellOutOfMemory(batches_->ReadNext(&batch_)));
      if (batch_ == nullptr) {
        *slice = nullptr;
        return Status::OK();
      }
    }
    *slice = batch_->Slice(row_, kReadBatchRows);
    row_ += (*slice)->num_rows();
    return Status::OK();
  }

 private:
  const std::shared_ptr<arrow::RecordBatchReader> batches_;
  std::shared_ptr<arrow::RecordBatch> batch_;
  int64_t row_ = 0;
};

}  // namespace

Result<std::shared_ptr<arrow::RecordBatchReader>> ReadArrowStream(arrow::io::InputStream* stream, arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(const std::string_view start, stream->Peek(kFileMagic.size()));
  if (start == kFileMagic) ARROW_RETURN_NOT_OK(stream->Advance(kFileMagic.size()));
  auto options = arrow::ipc::IpcReadOptions::Defaults();
  options.memory_pool = pool;
  options.use_threads = false;
  options.max_recursion_depth = 16;
  options.ensure_alignment = arrow::ipc::Alignment::kDataTypeSpecificAlignment;
  Result<std::shared_ptr<arrow::RecordBatchReader>> reader = arrow::ipc::RecordBatchStreamReader::Open(stream, options);
  if (!reader.ok()) return Errorf(ErrorKind::kInvalidArgument, "not Arrow IPC: {}", reader.status().message());
  return std::make_shared<SlicedBatches>(*std::move(reader));
}

Result<std::shared_ptr<arrow::RecordBatchReader>> ReadParquetFile(std::shared_ptr<arrow::io::RandomAccessFile> file,
                                                                  arrow::MemoryPool* pool) {
  return ParquetBatches::Open(std::move(file), pool);
}

}  // namespace gigapi
