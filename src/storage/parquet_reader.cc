#include "storage/parquet_reader.h"

#include <parquet/column_reader.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/statistics.h>

#include <algorithm>
#include <bit>
#include <optional>

#include "storage/parquet_footer.h"
#include "storage/readable_file_source.h"

namespace gigapi {
namespace {

/// Bytes that are read ahead a column.
constexpr int64_t kReadBufferBytes = 128 << 10;

parquet::Type::type PhysicalType(ColumnType type) {
  switch (type) {
    case ColumnType::kTag:
    case ColumnType::kString: return parquet::Type::BYTE_ARRAY;
    case ColumnType::kFloat64: return parquet::Type::DOUBLE;
    case ColumnType::kInt64:
    case ColumnType::kUInt64: return parquet::Type::INT64;
    case ColumnType::kBool: return parquet::Type::BOOLEAN;
  }
  return parquet::Type::UNDEFINED;
}

/// What a column of a file holds, in our terms; nullopt for a type that we never write.
std::optional<ColumnType> TypeInFile(const parquet::ColumnDescriptor& column, ColumnType in_table) {
  if (column.max_repetition_level() > 0 || column.max_definition_level() > 1) return std::nullopt;
  if (column.physical_type() == parquet::Type::INT64) {
    const auto& logical = column.logical_type();
    const bool is_unsigned =
        logical && logical->is_int() && !static_cast<const parquet::IntLogicalType&>(*logical).is_signed();
    return is_unsigned ? ColumnType::kUInt64 : ColumnType::kInt64;
  }
  if (column.physical_type() == PhysicalType(in_table)) return in_table;
  return std::nullopt;
}

struct FileColumn {
  int position = -1;  // in the file; -1: the file lacks it
  ColumnType type = ColumnType::kFloat64;
};

/// The values of one tag in one row group: by dictionary index, first the value, then its id, then its rank.
struct TagChunk {
  StringColumn values;
  std::vector<uint32_t> rank_of_index;
  bool all_null = false;
};

/// Spreads values that were read one after the other over the rows that are not NULL. Values move to higher positions only.
template <typename T>
void SpreadOverNulls(const int16_t* levels, size_t rows, size_t values, PodVector<T>* out, PodVector<uint8_t>* valid) {
  valid->Resize(rows);
  size_t next = values;
  for (size_t row = rows; row-- > 0;) {
    (*valid)[row] = levels[row] != 0;
    (*out)[row] = levels[row] != 0 ? (*out)[--next] : T();
  }
}

class ParquetReaderImpl final : public ParquetReader {
 public:
  ParquetReaderImpl(std::unique_ptr<parquet::ParquetFileReader> file, const TableSchema& schema)
      : file_(std::move(file)), schema_(schema), metadata_(file_->metadata()), provenance_(ProvenanceOf(*metadata_)) {}

  Status Start() {
    const parquet::SchemaDescriptor& descriptor = *metadata_->schema();
    time_position_ = descriptor.ColumnIndex(std::string(kTimeColumn));
    if (time_position_ < 0 || descriptor.Column(time_position_)->physical_type() != parquet::Type::INT64 ||
        descriptor.Column(time_position_)->max_definition_level() != 0) {
      return Error(ErrorKind::kUnsupported, "the file has no column time of the kind that we write");
    }
    columns_.resize(schema_.size());
    for (size_t i = 0; i < schema_.size(); ++i) {
      columns_[i].position = PositionOf(descriptor, schema_[i].name);
      if (columns_[i].position < 0) continue;
      const auto type = TypeInFile(*descriptor.Column(columns_[i].position), schema_[i].type);
      if (!type || !Widens(*type, schema_[i].type)) {
        return Errorf(ErrorKind::kConflict, "column {} of a file does not fit its table", schema_[i].name);
      }
      columns_[i].type = *type;
    }
    tag_chunks_.resize(schema_.tags().size());
    for (size_t tag = 0; tag < tag_chunks_.size(); ++tag) {
      for (int group = 0; group < metadata_->num_row_groups(); ++group) {
        ARROW_RETURN_NOT_OK(ReadTagValues(columns_[schema_.tags()[tag]].position, group, &tag_chunks_[tag].emplace_back()));
      }
    }
    return Status::OK();
  }

  int64_t rows() const override { return metadata_->num_rows(); }
  const FileProvenance* provenance() const override { return provenance_ ? &*provenance_ : nullptr; }
  bool HasColumn(size_t schema_position) const override { return columns_[schema_position].position >= 0; }

  void AddTagValues(size_t tag, StringDictionary* dictionary) override {
    for (TagChunk& chunk : tag_chunks_[tag]) {
      for (size_t i = 0; i < chunk.values.size(); ++i) chunk.rank_of_index[i] = dictionary->FindOrAdd(chunk.values[i]);
    }
  }

  void SetTagRanks(size_t tag, const std::vector<uint32_t>& rank_of_id) override {
    for (TagChunk& chunk : tag_chunks_[tag]) {
      for (uint32_t& id : chunk.rank_of_index) id = rank_of_id[id];
    }
  }

  Status Next(size_t max_rows, FileRows* out) override {
    BEGIN_PARQUET_CATCH_EXCEPTIONS
    while (group_rows_left_ == 0 && group_ + 1 < metadata_->num_row_groups()) OpenRowGroup(group_ + 1);
    const size_t rows = std::min(max_rows, group_rows_left_);
    out->time.Resize(rows);
    out->tags.resize(schema_.tags().size());
    out->fields.resize(schema_.size() - schema_.tags().size());
    if (rows == 0) return Status::OK();
    ARROW_RETURN_NOT_OK(ReadTime(rows, &out->time));
    size_t tag = 0, field = 0;
    for (size_t i = 0; i < schema_.size(); ++i) {
      if (schema_[i].type == ColumnType::kTag) {
        ARROW_RETURN_NOT_OK(ReadTag(tag, i, rows, &out->tags[tag]));
        ++tag;
      } else {
        ARROW_RETURN_NOT_OK(ReadField(i, rows, &out->fields[field++]));
      }
    }
    group_rows_left_ -= rows;
    return Status::OK();
    END_PARQUET_CATCH_EXCEPTIONS
  }

 private:
  static int PositionOf(const parquet::SchemaDescriptor& descriptor, const std::string& name) {
    // Names may hold dots, which ColumnIndex takes for paths of nested columns.
    for (int i = 0; i < descriptor.num_columns(); ++i) {
      if (descriptor.Column(i)->name() == name) return i;
    }
    return -1;
  }

  static bool IsAllNull(const parquet::ColumnChunkMetaData& chunk) {
    const auto statistics = chunk.statistics();
    return statistics && statistics->HasNullCount() && statistics->null_count() == chunk.num_values();
  }

  Status ReadTagValues(int position, int group, TagChunk* chunk) {
    const auto row_group = file_->RowGroup(group);
    chunk->all_null = position < 0 || IsAllNull(*row_group->metadata()->ColumnChunk(position));
    if (chunk->all_null) return Status::OK();
    const auto reader = std::static_pointer_cast<parquet::ByteArrayReader>(
        row_group->ColumnWithExposeEncoding(position, parquet::ExposedEncoding::DICTIONARY));
    if (reader->GetExposedEncoding() != parquet::ExposedEncoding::DICTIONARY) {
      return Error(ErrorKind::kUnsupported, "a tag of the file has no dictionary");
    }
    const parquet::ByteArray* values = nullptr;
    int32_t values_size = 0, index = 0;
    int16_t level = 0;
    int64_t indices_read = 0;
    reader->ReadBatchWithDictionary(1, &level, nullptr, &index, &indices_read, &values, &values_size);
    for (int32_t i = 0; i < values_size; ++i) chunk->values.Append(std::string_view(values[i]));
    chunk->rank_of_index.resize(static_cast<size_t>(values_size));
    return Status::OK();
  }

  void OpenRowGroup(int group) {
    group_ = group;
    const auto row_group = file_->RowGroup(group);
    group_rows_left_ = static_cast<size_t>(row_group->metadata()->num_rows());
    time_reader_ = row_group->Column(time_position_);
    readers_.assign(schema_.size(), nullptr);
    for (size_t i = 0; i < schema_.size(); ++i) {
      const int position = columns_[i].position;
      if (position < 0 || IsAllNull(*row_group->metadata()->ColumnChunk(position))) continue;
      readers_[i] = schema_[i].type == ColumnType::kTag
                        ? row_group->ColumnWithExposeEncoding(position, parquet::ExposedEncoding::DICTIONARY)
                        : row_group->Column(position);
    }
  }

  static Status CutShort() { return Status::IOError("a Parquet file ends before its last row"); }

  /// Reads `rows` values or NULLs into `out`, levels into levels_; answers how many are not NULL.
  template <typename DType, typename T>
  Result<size_t> ReadValues(parquet::ColumnReader* reader, size_t rows, T* out) {
    auto* typed = static_cast<parquet::TypedColumnReader<DType>*>(reader);
    levels_.Resize(rows);
    size_t values = 0;
    for (size_t read = 0; read < rows;) {
      int64_t values_read = 0;
      const int64_t levels_read =
          typed->ReadBatch(static_cast<int64_t>(rows - read), levels_.data() + read, nullptr, out + values, &values_read);
      if (levels_read == 0) return CutShort();
      read += static_cast<size_t>(levels_read);
      values += static_cast<size_t>(values_read);
    }
    return values;
  }

  Status ReadTime(size_t rows, PodVector<int64_t>* time) {
    return ReadValues<parquet::Int64Type>(time_reader_.get(), rows, time->data()).status();
  }

  Status ReadTag(size_t tag, size_t column, size_t rows, PodVector<uint32_t>* ranks) {
    ranks->Resize(rows);
    if (readers_[column] == nullptr) {
      std::fill(ranks->begin(), ranks->end(), 0);
      return Status::OK();
    }
    auto* reader = static_cast<parquet::ByteArrayReader*>(readers_[column].get());
    levels_.Resize(rows);
    size_t values = 0;
    for (size_t read = 0; read < rows;) {
      int64_t values_read = 0;
      const parquet::ByteArray* unused = nullptr;
      int32_t unused_size = 0;
      const int64_t levels_read = reader->ReadBatchWithDictionary(
          static_cast<int64_t>(rows - read), levels_.data() + read, nullptr,
          reinterpret_cast<int32_t*>(ranks->data()) + values, &values_read, &unused, &unused_size);
      if (levels_read == 0) return CutShort();
      read += static_cast<size_t>(levels_read);
      values += static_cast<size_t>(values_read);
    }
    const std::vector<uint32_t>& rank_of_index = tag_chunks_[tag][static_cast<size_t>(group_)].rank_of_index;
    for (size_t i = 0; i < values; ++i) {
      if ((*ranks)[i] >= rank_of_index.size()) return Status::IOError("a Parquet file has an index outside its dictionary");
      (*ranks)[i] = rank_of_index[(*ranks)[i]];
    }
    if (values == rows) return Status::OK();
    PodVector<uint8_t> valid;
    SpreadOverNulls(levels_.data(), rows, values, ranks, &valid);
    return Status::OK();
  }

  Status ReadField(size_t position, size_t rows, Column* out) {
    out->name = schema_[position].name;
    out->type = schema_[position].type;
    out->valid.Clear();
    out->strings.Truncate(0);
    if (readers_[position] == nullptr) {
      FillWithNulls(rows, out);
      return Status::OK();
    }
    parquet::ColumnReader* reader = readers_[position].get();
    switch (out->type) {
      case ColumnType::kBool: return ReadBools(reader, rows, out);
      case ColumnType::kString: return ReadStrings(reader, rows, out);
      default: return ReadWords(reader, columns_[position].type, rows, out);
    }
  }

  static void FillWithNulls(size_t rows, Column* out) {
    out->valid.Resize(rows);
    std::fill(out->valid.begin(), out->valid.end(), 0);
    if (out->type == ColumnType::kBool) {
      out->bools.Resize(rows);
      std::fill(out->bools.begin(), out->bools.end(), 0);
    } else if (out->type == ColumnType::kString) {
      out->strings.mutable_offsets().Resize(rows + 1);
      std::fill(out->strings.mutable_offsets().begin(), out->strings.mutable_offsets().end(), 0);
    } else {
      out->words.Resize(rows);
      std::fill(out->words.begin(), out->words.end(), 0);
    }
  }

  Status ReadWords(parquet::ColumnReader* reader, ColumnType type_in_file, size_t rows, Column* out) {
    out->words.Resize(rows);
    size_t values;
    if (type_in_file == ColumnType::kFloat64) {
      ARROW_ASSIGN_OR_RAISE(values,
                            ReadValues<parquet::DoubleType>(reader, rows, reinterpret_cast<double*>(out->words.data())));
    } else {
      ARROW_ASSIGN_OR_RAISE(values,
                            ReadValues<parquet::Int64Type>(reader, rows, reinterpret_cast<int64_t*>(out->words.data())));
    }
    if (values < rows) SpreadOverNulls(levels_.data(), rows, values, &out->words, &out->valid);
    if (type_in_file == out->type) return Status::OK();
    out->type = type_in_file;
    WidenToFloat(out);  // NULLs hold 0, which stays 0
    return Status::OK();
  }

  Status ReadBools(parquet::ColumnReader* reader, size_t rows, Column* out) {
    out->bools.Resize(rows);
    ARROW_ASSIGN_OR_RAISE(const size_t values,
                          ReadValues<parquet::BooleanType>(reader, rows, reinterpret_cast<bool*>(out->bools.data())));
    if (values < rows) SpreadOverNulls(levels_.data(), rows, values, &out->bools, &out->valid);
    return Status::OK();
  }

  Status ReadStrings(parquet::ColumnReader* reader, size_t rows, Column* out) {
    auto* typed = static_cast<parquet::ByteArrayReader*>(reader);
    levels_.Resize(rows);
    strings_.Resize(rows);
    bool any_null = false;
    for (size_t read = 0; read < rows;) {
      int64_t values_read = 0;
      // Values point into the page, which the next call may replace.
      const int64_t levels_read =
          typed->ReadBatch(static_cast<int64_t>(rows - read), levels_.data(), nullptr, strings_.data(), &values_read);
      if (levels_read == 0) return CutShort();
      any_null |= values_read < levels_read;
      size_t value = 0;
      for (int64_t i = 0; i < levels_read; ++i) {
        const bool valid = levels_[static_cast<size_t>(i)] != 0;
        out->valid.PushBack(valid);
        const std::string_view text = valid ? std::string_view(strings_[value++]) : std::string_view();
        if (out->strings.bytes().size() + text.size() > UINT32_MAX) {
          return Errorf(ErrorKind::kTooLarge, "column {} has more than 4 GB of text in {} rows", out->name, rows);
        }
        out->strings.Append(text);
      }
      read += static_cast<size_t>(levels_read);
    }
    if (!any_null) out->valid.Clear();
    return Status::OK();
  }

  const std::unique_ptr<parquet::ParquetFileReader> file_;
  const TableSchema& schema_;
  const std::shared_ptr<parquet::FileMetaData> metadata_;
  const std::optional<FileProvenance> provenance_;
  int time_position_ = -1;
  std::vector<FileColumn> columns_;                // by position in the schema
  std::vector<std::vector<TagChunk>> tag_chunks_;  // by tag, by row group

  int group_ = -1;
  size_t group_rows_left_ = 0;
  std::shared_ptr<parquet::ColumnReader> time_reader_;
  std::vector<std::shared_ptr<parquet::ColumnReader>> readers_;  // by position in the schema; nullptr: all NULL
  PodVector<int16_t> levels_;
  PodVector<parquet::ByteArray> strings_;
};

}  // namespace

Result<std::unique_ptr<ParquetReader>> ParquetReader::Open(std::shared_ptr<ReadableFile> file, const TableSchema& schema) {
  BEGIN_PARQUET_CATCH_EXCEPTIONS
  parquet::ReaderProperties properties;
  properties.enable_buffered_stream();
  properties.set_buffer_size(kReadBufferBytes);
  auto reader = std::make_unique<ParquetReaderImpl>(
      parquet::ParquetFileReader::Open(std::make_shared<ReadableFileSource>(std::move(file)), properties), schema);
  ARROW_RETURN_NOT_OK(reader->Start());
  return reader;
  END_PARQUET_CATCH_EXCEPTIONS
}

}  // namespace gigapi
