// One column chunk of a row group as pages: chooses the encoding (docs/decisions/0001-parquet-encoding.md) and applies it.
// No files and no compression: parquet_writer.cc adds those.
#pragma once

#include <parquet/types.h>

#include <vector>

#include "model/column_batch.h"
#include "storage/data_file.h"
#include "storage/page_encoding.h"
#include "storage/parquet_file.h"
#include "storage/word_dictionary.h"

namespace gigapi {

struct EncodedPage {
  size_t first_row = 0;  // in the row group
  size_t rows = 0;
  int64_t null_count = 0;
  size_t level_bytes = 0;  // of definition levels, at the start of the page's bytes
  parquet::Encoding::type encoding = parquet::Encoding::PLAIN;
  PageBytes bytes;
  ColumnStats stats;
  int64_t string_bytes = 0;  // of the values of a text column, decoded
};

struct EncodedChunk {
  PageBytes dictionary;  // PLAIN
  uint32_t dictionary_values = 0;
  bool has_dictionary = false;
  std::vector<EncodedPage> pages;
  ColumnStats stats;
};

/// Keeps buffers from one chunk to the next. Used by one thread.
class ColumnEncoder {
 public:
  explicit ColumnEncoder(ParquetEffort effort) : effort_(effort) {}

  EncodedChunk EncodeTime(const int64_t* time, size_t rows);
  /// Rows [begin, end) of a column.
  EncodedChunk Encode(const Column& column, size_t begin, size_t end);
  /// A chunk of NULLs.
  EncodedChunk EncodeMissing(const ColumnSchema& column, size_t rows);

 private:
  struct Slice;

  std::vector<EncodedPage> SplitIntoPages(const Slice& slice) const;
  bool TryDictionary(const uint64_t* words, size_t rows, size_t values_max, EncodedChunk* chunk);
  void EncodeWords(const Slice& slice, EncodedChunk* chunk);
  void EncodeTag(const Slice& slice, EncodedChunk* chunk);
  void EncodeStrings(const Slice& slice, EncodedChunk* chunk);
  void EncodeBools(const Slice& slice, EncodedChunk* chunk);
  void AppendIndexPages(const Slice& slice, EncodedChunk* chunk);

  const ParquetEffort effort_;
  WordDictionary words_;
  PodVector<uint32_t> indices_;  // of the chunk's rows in its dictionary
};

}  // namespace gigapi
