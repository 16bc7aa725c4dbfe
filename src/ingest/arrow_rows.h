// Arrow IPC, stream or file, and Parquet files, straight into columns.
//
// The rows go to the table of the options. The time is the column that the options name, else the first of time, timestamp,
// @timestamp and _time; without any, rows get the time of arrival. ingest/arrow_column.h says what becomes of each type.
//
// Pure; compressed bodies and files take memory while they are read, bounded by the option values_max. Any thread.
#pragma once

#include <arrow/type_fwd.h>
#include <memory>

#include <string_view>

#include "base/error.h"
#include "ingest/parse_options.h"
#include "model/schema.h"
#include "model/write_batch.h"

namespace arrow {
class RecordBatch;
class MemoryPool;
class RecordBatchReader;
namespace io {
class InputStream;
class RandomAccessFile;
}  // namespace io
}  // namespace arrow

namespace gigapi {

/// Parses a whole body. All or nothing: a body that is broken, or a value that does not fit the table, refuses the request.
WriteBatch ParseArrowRows(std::string_view body, const ParseOptions& options, const SchemaSource& schemas);
WriteBatch ParseParquetRows(std::string_view body, const ParseOptions& options, const SchemaSource& schemas);
/// The same for batches, all of one schema, that have been received already.
WriteBatch ParseArrowBatches(const arrow::RecordBatchVector& batches, const ParseOptions& options,
                             const SchemaSource& schemas);

// The same in parts, for bodies that are larger than memory.
/// The rows of an IPC stream or file, which is read from its start to its end. Stream and pool must outlive the reader; what
/// does not fit into the pool is kTooLarge.
Result<std::shared_ptr<arrow::RecordBatchReader>> ReadArrowStream(arrow::io::InputStream* stream, arrow::MemoryPool* pool);
/// The rows of a Parquet file; column chunks are read page by page. As before.
Result<std::shared_ptr<arrow::RecordBatchReader>> ReadParquetFile(std::shared_ptr<arrow::io::RandomAccessFile> file,
                                                                  arrow::MemoryPool* pool);
/// The most rows of a batch of either; none is empty.
inline constexpr int64_t kReadBatchRows = 64 << 10;

/// Parses one batch of a body. All or nothing.
WriteBatch ParseRecordBatch(const arrow::RecordBatch& batch, const ParseOptions& options, const SchemaSource& schemas);

}  // namespace gigapi
