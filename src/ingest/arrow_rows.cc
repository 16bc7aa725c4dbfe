#include "ingest/arrow_rows.h"

#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>
#include <arrow/record_batch.h>
#include <parquet/arrow/reader.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>

#include <algorithm>
#include <memory>
#include <string>
#include <unordered_set>

#include "ingest/arrow_column.h"
#include "ingest/cell_budget.h"
#include "ingest/decoding_pool.h"
#include "ingest/parquet_times.h"
#include "ingest/row_options.h"
#include "model/names.h"

namespace gigapi {
namespace {

constexpr std::string_view kFileMagic = "ARROW1";
/// Of the memory that decoding may take: 8 for the value, and as much for what it is decoded from.
constexpr int64_t kBytesPerValue = 16;

/// Record batches, gathered into the rows of one table.
class ArrowRowGatherer {
 public:
  ArrowRowGatherer(const ParseOptions& options, const SchemaSource& schemas)
      : options_(options),
        builder_(options.table, schemas.FindSchema(options.table), static_cast<size_t>(options.columns_per_table_max)),
        budget_(options.values_max),
        texts_(static_cast<size_t>(options.values_max * kBytesPerValue)) {}

  Status Begin(const arrow::Schema& schema) {
    if (options_.table.empty()) return Error(ErrorKind::kInvalidArgument, "no table: name one with ?table=");
    ARROW_RETURN_NOT_OK(ValidateTableName(options_.table));
    std::unordered_set<std::string> names;
    for (const auto& field : schema.fields()) {
      if (!names.insert(field->name()).second) {
        return Errorf(ErrorKind::kInvalidArgument, "column '{}' comes twice", field->name());
      }
    }
    return FindTime(schema);
  }

  Status Add(const arrow::RecordBatch& batch) {
    const auto rows = static_cast<size_t>(batch.num_rows());
    if (rows == 0) return Status::OK();
    ARROW_RETURN_NOT_OK(Claim(rows, static_cast<size_t>(batch.num_columns())));
    for (int i = 0; i < batch.num_columns(); ++i) {
      if (i == time_) continue;
      ARROW_RETURN_NOT_OK(
          PutArrowColumn(*batch.column(i), batch.column_name(i), options_, builder_.rows(), &builder_, &texts_));
    }
    if (time_ >= 0) ARROW_RETURN_NOT_OK(ReadArrowTimes(*batch.column(time_), options_, &times_));
    else times_.Resize(0), times_.Resize(rows, options_.now_ns);
    builder_.CommitRows(times_.data(), rows);
    return Claim(0, 0);
  }

  Result<WriteBatch> Finish() {
    WriteBatch batch;
    if (builder_.rows() == 0) return batch;
    if (builder_.columns() == 0) return Error(ErrorKind::kInvalidArgument, "no column has a value");
    batch.accepted_rows = static_cast<int64_t>(builder_.rows());
    TableRows& rows = batch.tables.emplace_back();
    rows.table = builder_.table();
    rows.rows = builder_.Finish();
    return batch;
  }

 private:
  Status FindTime(const arrow::Schema& schema) {
    if (!options_.time_column.empty()) {
      time_ = schema.GetFieldIndex(options_.time_column);
      return time_ >= 0 ? Status::OK()
                        : Errorf(ErrorKind::kInvalidArgument, "there is no column '{}'", options_.time_column);
    }
    for (const std::string_view name : kTimeNames) {
      time_ = schema.GetFieldIndex(std::string(name));
      if (time_ >= 0) break;
    }
    return Status::OK();
  }

  Status Claim(size_t more_rows, size_t columns_min) {
    const bool fits = budget_.Claim(builder_.rows() + more_rows, std::max(columns_min, builder_.columns()), &cells_);
    return fits ? Status::OK() : Error(ErrorKind::kInvalidArgument, TooManyValues(options_.values_max));
  }

  const ParseOptions& options_;
  TableBuilder builder_;
  CellBudget budget_;
  size_t cells_ = 0;
  TextBudget texts_;
  int time_ = -1;  // the column of the time; -1: none
  PodVector<int64_t> times_;
};

std::shared_ptr<arrow::Buffer> BufferOf(std::string_view body) {
  return std::make_shared<arrow::Buffer>(reinterpret_cast<const uint8_t*>(body.data()), static_cast<int64_t>(body.size()));
}

arrow::ipc::IpcReadOptions IpcOptions(arrow::MemoryPool* pool) {
  auto options = arrow::ipc::IpcReadOptions::Defaults();
  options.memory_pool = pool;
  options.use_threads = false;
  options.max_recursion_depth = 16;
  options.ensure_alignment = arrow::ipc::Alignment::kDataTypeSpecificAlignment;
  return options;
}

/// Foreign bytes may claim offsets and lengths that are not there.
Status AddForeign(const arrow::RecordBatch& batch, ArrowRowGatherer* rows) {
  ARROW_RETURN_NOT_OK(batch.ValidateFull());
  return rows->Add(batch);
}

Status ReadIpcFile(std::string_view body, arrow::MemoryPool* pool, ArrowRowGatherer* rows) {
  arrow::io::BufferReader in(BufferOf(body));
  ARROW_ASSIGN_OR_RAISE(const auto reader, arrow::ipc::RecordBatchFileReader::Open(&in, IpcOptions(pool)));
  ARROW_RETURN_NOT_OK(rows->Begin(*reader->schema()));
  for (int i = 0; i < reader->num_record_batches(); ++i) {
    ARROW_ASSIGN_OR_RAISE(const auto batch, reader->ReadRecordBatch(i));
    ARROW_RETURN_NOT_OK(AddForeign(*batch, rows));
  }
  return Status::OK();
}

Status ReadBatches(arrow::RecordBatchReader* reader, ArrowRowGatherer* rows) {
  ARROW_RETURN_NOT_OK(rows->Begin(*reader->schema()));
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    ARROW_RETURN_NOT_OK(reader->ReadNext(&batch));
    if (batch == nullptr) return Status::OK();
    ARROW_RETURN_NOT_OK(AddForeign(*batch, rows));
  }
}

Status ReadIpc(std::string_view body, arrow::MemoryPool* pool, ArrowRowGatherer* rows) {
  if (body.starts_with(kFileMagic)) return ReadIpcFile(body, pool, rows);
  arrow::io::BufferReader in(BufferOf(body));
  ARROW_ASSIGN_OR_RAISE(const auto reader, arrow::ipc::RecordBatchStreamReader::Open(&in, IpcOptions(pool)));
  return ReadBatches(reader.get(), rows);
}

/// libparquet throws while it opens a file.
Result<std::unique_ptr<parquet::ParquetFileReader>> OpenParquet(std::string_view body, arrow::MemoryPool* pool) {
  try {
    return parquet::ParquetFileReader::Open(std::make_shared<arrow::io::BufferReader>(BufferOf(body)),
                                            parquet::ReaderProperties(pool));
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& failure) {
    return Errorf(ErrorKind::kInvalidArgument, "not a Parquet file: {}", failure.what());
  }
}

Status ReadParquet(std::string_view body, const ParseOptions& options, arrow::MemoryPool* pool, ArrowRowGatherer* rows) {
  ARROW_ASSIGN_OR_RAISE(auto file, OpenParquet(body, pool));
  const auto metadata = file->metadata();
  const int64_t columns = std::max(1, metadata->num_columns());
  if (metadata->num_rows() > options.values_max / columns) {
    return Error(ErrorKind::kInvalidArgument, TooManyValues(options.values_max));
  }
  ARROW_RETURN_NOT_OK(CheckInt96Times(file.get()));
  parquet::ArrowReaderProperties properties(/*use_threads=*/false);
  ARROW_ASSIGN_OR_RAISE(const auto reader, parquet::arrow::FileReader::Make(pool, std::move(file), properties));
  ARROW_ASSIGN_OR_RAISE(const auto batches, reader->GetRecordBatchReader());
  return ReadBatches(batches.get(), rows);
}

/// One refusal for the whole body.
WriteBatch RefusalOf(const Status& status, std::string_view format) {
  WriteBatch refusal;
  refusal.refused_rows = 1;
  // A failure of ours says what is wrong with the rows, one of the library what is wrong with the bytes.
  refusal.refused.push_back(
      {1, status.detail() != nullptr ? status.message() : fmt::format("not {}: {}", format, status.message()), {}});
  refusal.broken = refusal.refused.front();
  return refusal;
}

template <typename Read>
WriteBatch Parse(const ParseOptions& options, const SchemaSource& schemas, std::string_view format, const Read& read) {
  DecodingPool pool(options.values_max * kBytesPerValue);
  ArrowRowGatherer rows(options, schemas);
  try {
    Status status = read(pool.get(), &rows);
    Result<WriteBatch> batch = status.ok() ? rows.Finish() : Result<WriteBatch>(std::move(status));
    return batch.ok() ? *std::move(batch) : RefusalOf(batch.status(), format);
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& failure) {  // libparquet's, on broken pages
    return RefusalOf(arrow::Status::Invalid(failure.what()), format);
  }
}

}  // namespace

WriteBatch ParseArrowRows(std::string_view body, const ParseOptions& options, const SchemaSource& schemas) {
  return Parse(options, schemas, "Arrow IPC",
               [&](arrow::MemoryPool* pool, ArrowRowGatherer* rows) { return ReadIpc(body, pool, rows); });
}

WriteBatch ParseParquetRows(std::string_view body, const ParseOptions& options, const SchemaSource& schemas) {
  return Parse(options, schemas, "Parquet",
               [&](arrow::MemoryPool* pool, ArrowRowGatherer* rows) { return ReadParquet(body, options, pool, rows); });
}

WriteBatch ParseRecordBatch(const arrow::RecordBatch& batch, const ParseOptions& options, const SchemaSource& schemas) {
  return Parse(options, schemas, "Arrow", [&](arrow::MemoryPool*, ArrowRowGatherer* rows) {
    ARROW_RETURN_NOT_OK(rows->Begin(*batch.schema()));
    return AddForeign(batch, rows);
  });
}

WriteBatch ParseArrowBatches(const arrow::RecordBatchVector& batches, const ParseOptions& options,
                             const SchemaSource& schemas) {
  return Parse(options, schemas, "Arrow", [&](arrow::MemoryPool*, ArrowRowGatherer* rows) {
    if (batches.empty()) return Status::OK();
    ARROW_RETURN_NOT_OK(rows->Begin(*batches.front()->schema()));
    for (const auto& batch : batches) ARROW_RETURN_NOT_OK(AddForeign(*batch, rows));
    return Status::OK();
  });
}

}  // namespace gigapi
