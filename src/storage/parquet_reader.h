// Reads a Parquet file of ours from its first row to its last, a few thousand rows at a time: what merges are made of.
// Pages are read one by one, so memory stays at a few pages a column however large the file is.
//
// Used by one thread. Queries read files with DuckDB, not with this.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "model/column_batch.h"
#include "model/schema.h"
#include "storage/file_provenance.h"
#include "storage/string_dictionary.h"

namespace gigapi {

/// Some rows of a file. Tags are ranks, 0 being NULL, as SetTagRanks defined them: schema.tags() many columns.
struct FileRows {
  PodVector<int64_t> time;
  std::vector<PodVector<uint32_t>> tags;
  std::vector<Column> fields;  // the table's fields in schema order, in the table's types; NULL where the file lacks one
  size_t rows() const { return time.size(); }
};

class ParquetReader {
 public:
  /// `schema` must outlive the reader. Fails when a column of the file does not fit the schema.
  static Result<std::unique_ptr<ParquetReader>> Open(std::shared_ptr<ReadableFile> file, const TableSchema& schema);
  virtual ~ParquetReader() = default;

  virtual int64_t rows() const = 0;
  /// nullptr: the footer has none, or none that can be read.
  virtual const FileProvenance* provenance() const = 0;
  virtual bool HasColumn(size_t schema_position) const = 0;

  /// Adds every value of a tag (a position in schema.tags()) to the dictionary, which may live as long as the reader.
  virtual void AddTagValues(size_t tag, StringDictionary* dictionary) = 0;
  /// Says which rank each value has: `rank_of_id` by the ids that AddTagValues made with the same dictionary.
  virtual void SetTagRanks(size_t tag, const std::vector<uint32_t>& rank_of_id) = 0;

  /// Replaces `out` by the next rows, at most max_rows; none at the end of the file. Ranks must have been set.
  virtual Status Next(size_t max_rows, FileRows* out) = 0;
};

}  // namespace gigapi
