// The rows of several sorted files as one sorted stream.
//
// Tags are compared as ranks in one dictionary of all files. Rows move in ranges: a run of rows of one series is copied
// at once where no other file has rows of that series between its times. Memory: a few thousand rows and a few pages a
// column of each file, and the batch. Used by one thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "model/column_batch.h"
#include "model/schema.h"
#include "storage/parquet_reader.h"

namespace gigapi {

class SortedMerge {
 public:
  /// Rows of equal tags and time come in the order of the files: the oldest first. `schema` must outlive the merge.
  static Result<std::unique_ptr<SortedMerge>> Open(std::vector<std::shared_ptr<ReadableFile>> files,
                                                   const TableSchema& schema);

  /// The columns of the batches: those of the table that any file has.
  const std::vector<ColumnSchema>& columns() const { return columns_; }

  /// Of each file, in their order; nullptr where it has none. They live as long as the merge.
  std::vector<const FileProvenance*> provenances() const;

  /// Adds rows to the batch until it has `rows`, or the files end, or its texts have become too large to go on.
  Status Fill(size_t rows);
  /// Dictionaries of tags are in order and may hold more than the batch uses.
  const ColumnBatch& batch() const { return batch_; }
  void Clear();

 private:
  struct Input {
    std::unique_ptr<ParquetReader> reader;
    FileRows rows;
    size_t at = 0;       // the next row
    size_t run_end = 0;  // rows [at, run_end) have the same tags
    bool done = false;
  };
  /// Rows of one input, all of one series, which go to the batch but are not copied yet.
  struct Range {
    const Input* input;
    size_t begin;
    size_t end;
  };

  explicit SortedMerge(const TableSchema& schema) : schema_(schema) {}
  Status RankTags();
  void MakeColumns();
  Status Load(Input* input);
  void FindRun(Input* input);
  int CompareTags(const Input& a, const Input& b) const;
  size_t FindNextSeries();
  Range NextRange(size_t rows_max);
  void CopyRanges();
  void CopyTag(size_t tag, Column* out);
  void CopyField(size_t field, Column* out);
  bool TextIsLarge() const;

  const TableSchema& schema_;
  std::vector<Input> inputs_;  // the oldest file first
  std::vector<ColumnSchema> columns_;
  std::vector<size_t> source_;  // by column of the batch: position among the tags or among the fields
  std::vector<Range> ranges_;
  size_t ranged_rows_ = 0;      // in ranges_
  std::vector<size_t> series_;  // inputs whose next row is of the smallest series
  ColumnBatch batch_;
};

}  // namespace gigapi
