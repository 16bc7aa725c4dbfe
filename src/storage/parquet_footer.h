// What the footer of a data file tells: all that the catalog keeps of the file, which a lost catalog is rebuilt from.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/file_system.h"
#include "storage/data_file.h"
#include "storage/file_provenance.h"

namespace parquet {
class FileMetaData;
}

namespace gigapi {

struct ParquetFooter {
  int64_t rows = 0;
  int64_t min_time = 0;
  int64_t max_time = 0;
  /// As ParquetWriter::Finish told them, but for bounds that Parquet has no place for: those are unknown. Without provenance
  /// a text column is a tag where it has dictionaries.
  std::vector<ColumnStats> columns;
  /// nullopt: written by an earlier version, or by others.
  std::optional<FileProvenance> provenance;
};

/// Reads the end of the file, in one request or two. kInvalidArgument for what is no Parquet file, kUnsupported for one that
/// we do not write.
Result<ParquetFooter> ReadParquetFooter(std::shared_ptr<ReadableFile> file);

/// nullopt: there is none, or none that can be read.
std::optional<FileProvenance> ProvenanceOf(const parquet::FileMetaData& metadata);

}  // namespace gigapi
