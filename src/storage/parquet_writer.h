// One Parquet file, written row group by row group: what flush (one batch) and merge (a stream) share.
//
// Used by one thread. After a failure only destruction may follow: nothing is left of the file then.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/column_batch.h"
#include "object_store/object_store.h"
#include "storage/data_file.h"
#include "storage/parquet_file.h"

namespace gigapi {

class ParquetWriter {
 public:
  /// Columns are the table's in schema order.
  static Result<std::unique_ptr<ParquetWriter>> Create(std::unique_ptr<ObjectWriter> object,
                                                       const std::vector<ColumnSchema>& columns, ParquetEffort effort);
  virtual ~ParquetWriter() = default;

  /// Writes rows [begin, end) as one row group. Columns that `rows` lacks are NULL; dictionaries of tags are in order.
  virtual Status WriteRowGroup(const ColumnBatch& rows, size_t begin, size_t end) = 0;

  /// Adds a key and a value to the footer. Any time before Finish.
  virtual void SetMetadata(const std::string& key, std::string value) = 0;

  /// Writes the footer and commits the object. The answer has size, rows, times and column statistics set.
  virtual Result<DataFile> Finish() = 0;
};

/// Puts `provenance` into the footer; `columns` are the file's, of which `table` says the types in column_types.
void SetProvenance(FileProvenance provenance, const TableSchema& table, const std::vector<ColumnSchema>& columns,
                   ParquetWriter* writer);

}  // namespace gigapi
