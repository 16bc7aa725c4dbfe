#include "storage/parquet_file.h"

#include <algorithm>

#include "storage/parquet_writer.h"

namespace gigapi {

Result<DataFile> WriteParquet(std::unique_ptr<ObjectWriter> object, const TableSchema& schema, const ColumnBatch& sorted,
                              const ParquetOptions& options) {
  std::vector<ColumnSchema> columns;
  for (const ColumnSchema& column : schema.columns()) {
    if (sorted.Find(column.name) != nullptr) columns.push_back(column);
  }
  ARROW_ASSIGN_OR_RAISE(const auto writer, ParquetWriter::Create(std::move(object), columns, options.effort));
  const auto group_rows = static_cast<size_t>(options.row_group_rows);
  for (size_t begin = 0; begin < sorted.rows(); begin += group_rows) {
    ARROW_RETURN_NOT_OK(writer->WriteRowGroup(sorted, begin, std::min(begin + group_rows, sorted.rows())));
  }
  if (options.provenance != nullptr) SetProvenance(*options.provenance, schema, columns, writer.get());
  return writer->Finish();
}

}  // namespace gigapi
