#include "storage/parquet_writer.h"

#include <arrow/buffer.h>
#include <arrow/util/compression.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/column_page.h>
#include <parquet/column_writer.h>
#include <parquet/exception.h>
#include <parquet/file_writer.h>
#include <parquet/metadata.h>
#include <parquet/page_index.h>
#include <parquet/properties.h>
#include <parquet/statistics.h>

#include <algorithm>
#include <cstring>

#include "storage/column_encoder.h"
#include "storage/column_stats.h"
#include "storage/object_stream.h"
#include "storage/parquet_schema.h"

namespace gigapi {
namespace {

constexpr int kZstdLevel = 1;
constexpr size_t kSampleBytes = 8 << 10;

/// Saving less than this is not worth the time of every reader.
constexpr double kRatioMax = 0.9;
/// What a sample must promise before a flush, whose files are soon merged, spends time on it.
constexpr double kFlushSampleRatioMax = 0.6;
constexpr char kMagic[] = {'P', 'A', 'R', '1'};

std::shared_ptr<parquet::WriterProperties> MakeProperties() {
  parquet::WriterProperties::Builder builder;
  builder.created_by("gigapi");
  builder.version(parquet::ParquetVersion::PARQUET_2_6);
  builder.data_page_version(parquet::ParquetDataPageVersion::V2);
  builder.compression(arrow::Compression::ZSTD);
  builder.enable_write_page_index();
  return builder.build();
}

struct PlainBytes {
  template <typename T>
  std::string operator()(const T& value) const {
    std::string bytes(sizeof(T), '\0');
    std::memcpy(bytes.data(), &value, sizeof(T));
    return bytes;
  }
  std::string operator()(bool value) const { return std::string(1, value ? '\1' : '\0'); }
  std::string operator()(const std::string& value) const { return value; }
  std::string operator()(std::monostate) const { return {}; }
};

bool IsKnown(const StatValue& bound) { return !std::holds_alternative<std::monostate>(bound); }

/// Shortened strings are bounds, not values that occur.
bool MayBeShortened(const StatValue& bound) {
  const auto* text = std::get_if<std::string>(&bound);
  return text != nullptr && text->size() + 4 > ColumnStats::kMaxStatStringBytes;
}

parquet::EncodedStatistics EncodeStats(const ColumnStats& stats, size_t rows) {
  parquet::EncodedStatistics encoded;
  encoded.set_is_signed(stats.type != ColumnType::kUInt64 && stats.type != ColumnType::kTag &&
                        stats.type != ColumnType::kString);
  encoded.set_null_count(stats.null_count);
  encoded.all_null_value = static_cast<size_t>(stats.null_count) == rows;
  // Readers order NaN differently: bounds that leave it out could make them skip it.
  if (stats.has_nan || !IsKnown(stats.min) || !IsKnown(stats.max)) return encoded;
  encoded.set_min(std::visit(PlainBytes(), stats.min));
  encoded.set_max(std::visit(PlainBytes(), stats.max));
  encoded.is_min_value_exact = !MayBeShortened(stats.min);
  encoded.is_max_value_exact = !MayBeShortened(stats.max);
  return encoded;
}

parquet::SizeStatistics EncodeSizes(const EncodedPage& page, ColumnType type) {
  parquet::SizeStatistics sizes;
  if (type == ColumnType::kTag || type == ColumnType::kString) sizes.unencoded_byte_array_data_bytes = page.string_bytes;
  return sizes;
}

std::shared_ptr<arrow::Buffer> Wrap(const uint8_t* data, size_t size) {
  return std::make_shared<arrow::Buffer>(data, static_cast<int64_t>(size));
}

class ParquetWriterImpl final : public ParquetWriter {
 public:
  ParquetWriterImpl(std::unique_ptr<ObjectWriter> object, const std::vector<ColumnSchema>& columns, ParquetEffort effort)
      : stream_(std::make_shared<ObjectStream>(std::move(object))),
        columns_(columns),
        effort_(effort),
        properties_(MakeProperties()),
        encoder_(effort) {
    schema_.Init(MakeParquetSchema(columns));
    metadata_ = parquet::FileMetaDataBuilder::Make(&schema_, properties_);
    page_index_ = parquet::PageIndexBuilder::Make(&schema_);
    for (const ColumnSchema& column : columns) {
      ColumnStats& stats = result_.columns.emplace_back();
      stats.name = column.name;
      stats.type = column.type;
    }
    result_.min_time = std::numeric_limits<int64_t>::max();
    result_.max_time = std::numeric_limits<int64_t>::min();
  }

  Status Start() {
    ARROW_ASSIGN_OR_RAISE(codec_, arrow::util::Codec::Create(arrow::Compression::ZSTD, kZstdLevel));
    return stream_->Write(kMagic, sizeof(kMagic));
  }

  Status WriteRowGroup(const ColumnBatch& rows, size_t begin, size_t end) override {
    BEGIN_PARQUET_CATCH_EXCEPTIONS
    return WriteRowGroupOrThrow(rows, begin, end);
    END_PARQUET_CATCH_EXCEPTIONS
  }

  void SetMetadata(const std::string& key, std::string value) override { key_values_->Append(key, std::move(value)); }

  Result<DataFile> Finish() override {
    BEGIN_PARQUET_CATCH_EXCEPTIONS
    page_index_->Finish();
    const auto locations = page_index_->WriteTo(stream_.get());
    metadata_->SetIndexLocations(parquet::IndexKind::kColumnIndex, locations.column_index_locations);
    metadata_->SetIndexLocations(parquet::IndexKind::kOffsetIndex, locations.offset_index_locations);
    const auto metadata = metadata_->Finish(key_values_->size() > 0 ? key_values_ : nullptr);
    parquet::WriteFileMetaData(*metadata, stream_.get());
    ARROW_ASSIGN_OR_RAISE(result_.size_bytes, stream_->Tell());
    ARROW_RETURN_NOT_OK(stream_->Commit());
    return std::move(result_);
    END_PARQUET_CATCH_EXCEPTIONS
  }

 private:
  Status WriteRowGroupOrThrow(const ColumnBatch& rows, size_t begin, size_t end) {
    if (row_groups_ == INT16_MAX) return Error(ErrorKind::kTooLarge, "a file has more than 32,767 row groups");
    parquet::RowGroupMetaDataBuilder* group = metadata_->AppendRowGroup();
    group->set_num_rows(static_cast<int64_t>(end - begin));
    page_index_->AppendRowGroup();
    group_ = group;
    group_bytes_ = 0;
    ARROW_RETURN_NOT_OK(WriteChunk(0, encoder_.EncodeTime(rows.time.data() + begin, end - begin), end - begin));
    for (size_t i = 0; i < columns_.size(); ++i) {
      const Column* column = rows.Find(columns_[i].name);
      if (column != nullptr && column->type != columns_[i].type) {
        return Errorf(ErrorKind::kInternal, "column {} has another type than its file", column->name);
      }
      const EncodedChunk chunk =
          column == nullptr ? encoder_.EncodeMissing(columns_[i], end - begin) : encoder_.Encode(*column, begin, end);
      MergeStats(chunk.stats, &result_.columns[i]);
      ARROW_RETURN_NOT_OK(WriteChunk(static_cast<int>(i) + 1, chunk, end - begin));
    }
    group->Finish(group_bytes_, static_cast<int16_t>(row_groups_++));
    const auto [least, greatest] = std::minmax_element(rows.time.begin() + begin, rows.time.begin() + end);
    result_.min_time = std::min(result_.min_time, *least);
    result_.max_time = std::max(result_.max_time, *greatest);
    result_.rows += static_cast<int64_t>(end - begin);
    return Status::OK();
  }

  Status WriteChunk(int position, const EncodedChunk& chunk, size_t rows) {
    parquet::ColumnChunkMetaDataBuilder* metadata = group_->NextColumnChunk();
    const auto pages = parquet::PageWriter::Open(
        stream_, arrow::Compression::ZSTD, metadata, static_cast<int16_t>(row_groups_), static_cast<int16_t>(position),
        arrow::default_memory_pool(), false, nullptr, nullptr, false, page_index_->GetColumnIndexBuilder(position),
        page_index_->GetOffsetIndexBuilder(position), arrow::util::CodecOptions(kZstdLevel));
    if (chunk.has_dictionary) {
      group_bytes_ += pages->WriteDictionaryPage(
          parquet::DictionaryPage(Wrap(chunk.dictionary.data(), chunk.dictionary.size()),
                                  static_cast<int32_t>(chunk.dictionary_values), parquet::Encoding::PLAIN));
    }
    for (const EncodedPage& page : chunk.pages) {
      ARROW_ASSIGN_OR_RAISE(const int64_t bytes, WritePage(page, chunk.stats.type, pages.get()));
      group_bytes_ += bytes;
    }
    pages->Close(chunk.has_dictionary, false);
    metadata->SetStatistics(EncodeStats(chunk.stats, rows));
    return Status::OK();
  }

  Result<int64_t> WritePage(const EncodedPage& page, ColumnType type, parquet::PageWriter* pages) {
    if (page.bytes.size() > INT32_MAX) return Error(ErrorKind::kTooLarge, "a page has more than 2 GB");
    std::shared_ptr<arrow::Buffer> stored = Wrap(page.bytes.data(), page.bytes.size());
    bool is_compressed = false;
    ARROW_ASSIGN_OR_RAISE(const bool may_shrink, MayShrink(page, type));
    if (may_shrink) {
      ARROW_ASSIGN_OR_RAISE(const double ratio, Compress(page, page.level_bytes, page.bytes.size() - page.level_bytes));
      is_compressed = ratio < kRatioMax;
      if (is_compressed) stored = Wrap(compressed_.data(), compressed_.size());
    }
    return pages->WriteDataPage(parquet::DataPageV2(
        stored, static_cast<int32_t>(page.rows), static_cast<int32_t>(page.null_count), static_cast<int32_t>(page.rows),
        page.encoding, static_cast<int32_t>(page.level_bytes), 0, static_cast<int64_t>(page.bytes.size()), is_compressed,
        EncodeStats(page.stats, page.rows), static_cast<int64_t>(page.first_row), EncodeSizes(page, type)));
  }

  /// Whether to try at all. Compressing numbers that hardly repeat costs most and gains least: of floats a sample tells; a
  /// flush leaves them to the merge, and times and integers too unless a sample says that much is to be gained (series of
  /// few rows in a file pack badly). In a merge, integers and times may repeat at distances that a sample does not show.
  Result<bool> MayShrink(const EncodedPage& page, ColumnType type) {
    const bool is_delta = page.encoding == parquet::Encoding::DELTA_BINARY_PACKED;
    const bool is_plain_float = page.encoding == parquet::Encoding::PLAIN && type == ColumnType::kFloat64;
    const bool is_flush = effort_ == ParquetEffort::kFast;
    if (is_flush && is_plain_float) return false;
    const size_t size = page.bytes.size() - page.level_bytes;
    if (size < 4 * kSampleBytes) return !(is_flush && is_delta);
    if (type != ColumnType::kFloat64 && !(is_flush && is_delta)) return true;
    ARROW_ASSIGN_OR_RAISE(const double ratio, Compress(page, page.level_bytes + size / 2, kSampleBytes));
    return ratio < (is_flush ? kFlushSampleRatioMax : kRatioMax);
  }

  /// Compresses `value_bytes` of a page's values from `begin` on into `compressed_`, the levels as they are before them.
  /// Returns the values' size after it by that before it.
  Result<double> Compress(const EncodedPage& page, size_t begin, size_t value_bytes) {
    const auto size = static_cast<int64_t>(value_bytes);
    const uint8_t* const values = page.bytes.data() + begin;
    compressed_.Resize(page.level_bytes + static_cast<size_t>(codec_->MaxCompressedLen(size, values)));
    std::memcpy(compressed_.data(), page.bytes.data(), page.level_bytes);
    ARROW_ASSIGN_OR_RAISE(const int64_t compressed_size,
                          codec_->Compress(size, values, static_cast<int64_t>(compressed_.size() - page.level_bytes),
                                           compressed_.data() + page.level_bytes));
    compressed_.Resize(page.level_bytes + static_cast<size_t>(compressed_size));
    return static_cast<double>(compressed_size) / static_cast<double>(std::max<int64_t>(size, 1));
  }

  const std::shared_ptr<ObjectStream> stream_;
  const std::vector<ColumnSchema> columns_;
  const ParquetEffort effort_;
  std::unique_ptr<arrow::util::Codec> codec_;
  const std::shared_ptr<parquet::WriterProperties> properties_;
  parquet::SchemaDescriptor schema_;
  std::unique_ptr<parquet::FileMetaDataBuilder> metadata_;
  const std::shared_ptr<arrow::KeyValueMetadata> key_values_ = std::make_shared<arrow::KeyValueMetadata>();
  std::unique_ptr<parquet::PageIndexBuilder> page_index_;
  ColumnEncoder encoder_;
  PageBytes compressed_;
  parquet::RowGroupMetaDataBuilder* group_ = nullptr;
  int64_t group_bytes_ = 0;
  int row_groups_ = 0;
  DataFile result_;
};

}  // namespace

void SetProvenance(FileProvenance provenance, const TableSchema& table, const std::vector<ColumnSchema>& columns,
                   ParquetWriter* writer) {
  provenance.column_types = EncodeColumnTypes(table, columns);
  writer->SetMetadata(FileProvenance::kKey, EncodeProvenance(provenance));
}

Result<std::unique_ptr<ParquetWriter>> ParquetWriter::Create(std::unique_ptr<ObjectWriter> object,
                                                             const std::vector<ColumnSchema>& columns,
                                                             ParquetEffort effort) {
  BEGIN_PARQUET_CATCH_EXCEPTIONS
  auto writer = std::make_unique<ParquetWriterImpl>(std::move(object), columns, effort);
  ARROW_RETURN_NOT_OK(writer->Start());
  return writer;
  END_PARQUET_CATCH_EXCEPTIONS
}

}  // namespace gigapi
