#include "storage/parquet_footer.h"

#include <arrow/util/key_value_metadata.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/statistics.h>

#include <algorithm>
#include <cstring>

#include "storage/column_stats.h"
#include "storage/readable_file_source.h"

namespace gigapi {
namespace {

using parquet::ColumnChunkMetaData;
using parquet::ColumnDescriptor;

/// What ParquetWriter made of a bound.
template <typename T>
StatValue DecodePlain(const std::string& bytes) {
  T value{};
  if (bytes.size() != sizeof(T)) return {};
  std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

StatValue DecodeBound(ColumnType type, const std::string& bytes) {
  switch (type) {
    case ColumnType::kTag:
    case ColumnType::kString: return bytes;
    case ColumnType::kFloat64: return DecodePlain<double>(bytes);
    case ColumnType::kInt64: return DecodePlain<int64_t>(bytes);
    case ColumnType::kUInt64: return DecodePlain<uint64_t>(bytes);
    case ColumnType::kBool: return bytes.size() == 1 ? StatValue(bytes[0] != 0) : StatValue();
  }
  return {};
}

ColumnStats StatsOf(const ColumnChunkMetaData& chunk, ColumnType type) {
  ColumnStats stats;
  stats.type = type;
  const auto encoded = chunk.encoded_statistics();
  if (encoded == nullptr || !encoded->has_null_count) return stats;
  stats.null_count = encoded->null_count;
  if (encoded->has_min && encoded->has_max) {
    stats.min = DecodeBound(type, encoded->min());
    stats.max = DecodeBound(type, encoded->max());
  }
  // The writer leaves the bounds of floats out where there is a NaN, and only there.
  const bool has_value = stats.null_count < chunk.num_values();
  stats.has_nan = type == ColumnType::kFloat64 && has_value && std::holds_alternative<std::monostate>(stats.min);
  return stats;
}

/// The type as the Parquet schema has it; text: a string. nullopt for one that we never write.
std::optional<ColumnType> TypeOf(const ColumnDescriptor& column) {
  if (column.max_repetition_level() > 0 || column.max_definition_level() > 1) return std::nullopt;
  const auto& logical = column.logical_type();
  switch (column.physical_type()) {
    case parquet::Type::BYTE_ARRAY: return ColumnType::kString;
    case parquet::Type::DOUBLE: return ColumnType::kFloat64;
    case parquet::Type::BOOLEAN: return ColumnType::kBool;
    case parquet::Type::INT64: {
      const bool is_unsigned =
          logical && logical->is_int() && !static_cast<const parquet::IntLogicalType&>(*logical).is_signed();
      return is_unsigned ? ColumnType::kUInt64 : ColumnType::kInt64;
    }
    default: return std::nullopt;
  }
}

bool HasDictionaries(const parquet::FileMetaData& metadata, int position) {
  for (int group = 0; group < metadata.num_row_groups(); ++group) {
    const auto chunk = metadata.RowGroup(group)->ColumnChunk(position);
    const auto encoded = chunk->encoded_statistics();
    const bool is_all_null = encoded && encoded->has_null_count && encoded->null_count == chunk->num_values();
    if (!is_all_null && !chunk->has_dictionary_page()) return false;
  }
  return true;
}

/// Bounds of the whole column: those of its row groups together, unknown where those of one are.
ColumnStats MergedStats(const parquet::FileMetaData& metadata, int position, ColumnType type) {
  ColumnStats merged;
  bool is_unknown = false;
  for (int group = 0; group < metadata.num_row_groups(); ++group) {
    const auto chunk = metadata.RowGroup(group)->ColumnChunk(position);
    const ColumnStats stats = StatsOf(*chunk, type);
    is_unknown |= std::holds_alternative<std::monostate>(stats.min) && stats.null_count < chunk->num_values();
    MergeStats(stats, &merged);
  }
  merged.name = metadata.schema()->Column(position)->name();
  merged.type = type;
  if (is_unknown) merged.min = merged.max = StatValue();
  return merged;
}

/// Letters of column_types for the columns that the file has, in its order.
std::string LettersInFile(const std::optional<FileProvenance>& provenance) {
  if (!provenance) return {};
  std::string letters = provenance->column_types;
  std::erase_if(letters, [](char letter) { return !DecodeColumnType(letter); });
  return letters;
}

Result<ParquetFooter> ReadFooter(const parquet::FileMetaData& metadata) {
  ParquetFooter footer;
  footer.rows = metadata.num_rows();
  footer.provenance = ProvenanceOf(metadata);
  const std::string letters = LettersInFile(footer.provenance);
  const int columns = metadata.schema()->num_columns();
  bool has_time = false;
  for (int position = 0; position < columns; ++position) {
    const ColumnDescriptor& column = *metadata.schema()->Column(position);
    std::optional<ColumnType> type = TypeOf(column);
    if (!type) return Errorf(ErrorKind::kUnsupported, "column {} is of a type that is never written here", column.name());
    if (position == 0 && column.name() == kTimeColumn) {
      const ColumnStats time = MergedStats(metadata, position, ColumnType::kInt64);
      const auto* const min = std::get_if<int64_t>(&time.min);
      const auto* const max = std::get_if<int64_t>(&time.max);
      has_time = *type == ColumnType::kInt64 && min != nullptr && max != nullptr;
      if (!has_time) break;
      footer.min_time = *min;
      footer.max_time = *max;
      continue;
    }
    const size_t field = footer.columns.size();
    if (*type == ColumnType::kString) {
      const bool is_tag = letters.empty() ? HasDictionaries(metadata, position)
                                          : field < letters.size() && DecodeColumnType(letters[field]) == ColumnType::kTag;
      if (is_tag) type = ColumnType::kTag;
    }
    footer.columns.push_back(MergedStats(metadata, position, *type));
  }
  if (!has_time) return Error(ErrorKind::kUnsupported, "the file has no column time of the kind that is written here");
  return footer;
}

}  // namespace

std::optional<FileProvenance> ProvenanceOf(const parquet::FileMetaData& metadata) {
  const auto& pairs = metadata.key_value_metadata();
  if (pairs == nullptr) return std::nullopt;
  const auto json = pairs->Get(FileProvenance::kKey);
  if (!json.ok()) return std::nullopt;
  auto provenance = DecodeProvenance(*json);
  return provenance.ok() ? std::optional(*std::move(provenance)) : std::nullopt;
}

Result<ParquetFooter> ReadParquetFooter(std::shared_ptr<ReadableFile> file) {
  try {
    const auto reader = parquet::ParquetFileReader::Open(std::make_shared<ReadableFileSource>(std::move(file)));
    return ReadFooter(*reader->metadata());
  } catch (const parquet::ParquetStatusException& failure) {
    return failure.status();
  } catch (const parquet::ParquetException& damage) {
    return Errorf(ErrorKind::kInvalidArgument, "no Parquet file that can be read: {}", damage.what());
  }
}

}  // namespace gigapi
