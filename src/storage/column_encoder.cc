#include "storage/column_encoder.h"

#include <algorithm>

#include "storage/column_stats.h"
#include "storage/string_dictionary.h"

namespace gigapi {
namespace {

using parquet::Encoding;

// Readers pay for every page: as few as a row group allows, but none that is awkward to hold in memory.
constexpr size_t kPageRows = 128 * 1024;

/// A dictionary pays where it and the indices are smaller than the values. Whether it does shows early in most columns:
/// where nearly all of the first values differ, the rest is not looked at.
constexpr size_t kDictionaryValuesMaxFast = 1 << 14;
constexpr size_t kDictionaryValuesMaxCompact = 1 << 18;

size_t DictionaryLimit(ParquetEffort effort, size_t rows) {
  return effort == ParquetEffort::kFast ? std::min(kDictionaryValuesMaxFast, rows / 2 + 1)
                                        : std::min(kDictionaryValuesMaxCompact, rows * 5 / 8 + 1);
}

/// The values of a page without those of NULL rows; `values` itself when there is no NULL.
template <typename T>
const T* DropNulls(const T* values, const uint8_t* valid, size_t rows, PodVector<T>* scratch, size_t* count) {
  *count = rows;
  if (valid == nullptr) return values;
  scratch->Resize(rows);
  size_t kept = 0;
  for (size_t row = 0; row < rows; ++row) {
    (*scratch)[kept] = values[row];
    kept += valid[row];
  }
  *count = kept;
  return scratch->data();
}

}  // namespace

struct ColumnEncoder::Slice {
  const Column& column;
  size_t begin;
  size_t rows;
  const uint8_t* valid() const { return column.valid.empty() ? nullptr : column.valid.data() + begin; }
  const uint8_t* valid(const EncodedPage& page) const { return valid() == nullptr ? nullptr : valid() + page.first_row; }
};

std::vector<EncodedPage> ColumnEncoder::SplitIntoPages(const Slice& slice) const {
  std::vector<EncodedPage> pages;
  for (size_t row = 0; row < slice.rows; row += kPageRows) {
    EncodedPage& page = pages.emplace_back();
    page.first_row = row;
    page.rows = std::min(kPageRows, slice.rows - row);
    page.stats = ComputeStats(slice.column, slice.begin + row, slice.begin + row + page.rows);
    page.null_count = page.stats.null_count;
    AppendDefinitionLevels(slice.valid(page), page.rows, &page.bytes);
    page.level_bytes = page.bytes.size();
  }
  return pages;
}

void ColumnEncoder::AppendIndexPages(const Slice& slice, EncodedChunk* chunk) {
  const int bit_width = chunk->dictionary_values == 0 ? 0 : BitWidth(chunk->dictionary_values - 1);
  PodVector<uint32_t> scratch;
  for (EncodedPage& page : chunk->pages) {
    page.encoding = Encoding::RLE_DICTIONARY;
    size_t count;
    const uint32_t* indices = DropNulls(indices_.data() + page.first_row, slice.valid(page), page.rows, &scratch, &count);
    AppendDictionaryIndices(indices, count, bit_width, &page.bytes);
  }
}

bool ColumnEncoder::TryDictionary(const uint64_t* words, size_t rows, size_t values_max, EncodedChunk* chunk) {
  indices_.Resize(rows);
  if (!words_.Encode(words, rows, values_max, indices_.data())) return false;
  const std::span<const uint64_t> values = words_.values();
  chunk->has_dictionary = true;
  chunk->dictionary_values = static_cast<uint32_t>(values.size());
  chunk->dictionary.Append(reinterpret_cast<const uint8_t*>(values.data()), values.size() * sizeof(uint64_t));
  return true;
}

void ColumnEncoder::EncodeWords(const Slice& slice, EncodedChunk* chunk) {
  const uint64_t* const words = slice.column.words.data() + slice.begin;
  if (TryDictionary(words, slice.rows, DictionaryLimit(effort_, slice.rows), chunk)) {
    AppendIndexPages(slice, chunk);
    return;
  }
  PodVector<uint64_t> scratch;
  for (EncodedPage& page : chunk->pages) {
    size_t count;
    const uint64_t* values = DropNulls(words + page.first_row, slice.valid(page), page.rows, &scratch, &count);
    if (slice.column.type != ColumnType::kFloat64) {
      page.encoding = Encoding::DELTA_BINARY_PACKED;
      AppendDeltaBinaryPacked(reinterpret_cast<const int64_t*>(values), count, &page.bytes);
    } else if (effort_ == ParquetEffort::kCompact) {
      page.encoding = Encoding::BYTE_STREAM_SPLIT;
      AppendByteStreamSplit(values, count, &page.bytes);
    } else {
      page.bytes.Append(reinterpret_cast<const uint8_t*>(values), count * sizeof(uint64_t));
    }
  }
}

void ColumnEncoder::EncodeTag(const Slice& slice, EncodedChunk* chunk) {
  const StringColumn& dictionary = slice.column.strings;
  const uint32_t* const codes = slice.column.codes.data() + slice.begin;
  const uint8_t* const valid = slice.valid();
  // Rows are sorted by their tags: long runs of one code, of which NULL has 0.
  const auto run_end = [&](size_t begin, size_t limit) {
    size_t end = begin + 1;
    while (end < limit && codes[end] == codes[begin]) ++end;
    return end;
  };
  const auto count_valid = [&](size_t begin, size_t end) {
    return valid == nullptr ? static_cast<int64_t>(end - begin) : std::count(valid + begin, valid + end, 1);
  };
  // Only what occurs in this row group, in order: readers check filters against the dictionary.
  constexpr uint32_t kUnused = UINT32_MAX;
  PodVector<uint32_t> index_of_code;
  index_of_code.Resize(dictionary.size() + 1, kUnused);
  for (EncodedPage& page : chunk->pages) {
    const size_t page_end = page.first_row + page.rows;
    for (size_t begin = page.first_row, end; begin < page_end; begin = end) {
      end = run_end(begin, page_end);
      const int64_t values = count_valid(begin, end);
      if (values == 0) continue;
      index_of_code[codes[begin]] = 0;
      page.string_bytes += values * static_cast<int64_t>(dictionary[codes[begin]].size());
    }
  }
  for (uint32_t code = 0; code < dictionary.size(); ++code) {
    if (index_of_code[code] == kUnused) continue;
    index_of_code[code] = chunk->dictionary_values++;
    const std::string_view value = dictionary[code];
    AppendPlainString(value.data(), static_cast<uint32_t>(value.size()), &chunk->dictionary);
  }
  chunk->has_dictionary = true;
  indices_.Resize(slice.rows);
  for (size_t begin = 0, end; begin < slice.rows; begin = end) {
    end = run_end(begin, slice.rows);
    std::fill(indices_.data() + begin, indices_.data() + end, index_of_code[codes[begin]]);
  }
  AppendIndexPages(slice, chunk);
}

void ColumnEncoder::EncodeStrings(const Slice& slice, EncodedChunk* chunk) {
  const StringColumn& strings = slice.column.strings;
  const uint8_t* const valid = slice.valid();
  StringDictionary dictionary;
  const size_t values_max = slice.rows / 4 + 1;
  indices_.Resize(slice.rows);
  bool use_dictionary = true;
  for (size_t row = 0; row < slice.rows && use_dictionary; ++row) {
    indices_[row] = valid == nullptr || valid[row] ? dictionary.FindOrAdd(strings[slice.begin + row]) : 0;
    use_dictionary = dictionary.size() <= values_max;
  }
  for (EncodedPage& page : chunk->pages) {
    for (size_t row = page.first_row; row < page.first_row + page.rows; ++row) {
      if (valid != nullptr && !valid[row]) continue;
      const std::string_view value = strings[slice.begin + row];
      page.string_bytes += static_cast<int64_t>(value.size());
      if (!use_dictionary) AppendPlainString(value.data(), static_cast<uint32_t>(value.size()), &page.bytes);
    }
  }
  if (!use_dictionary) return;
  chunk->has_dictionary = true;
  chunk->dictionary_values = static_cast<uint32_t>(dictionary.size());
  for (uint32_t id = 0; id < dictionary.size(); ++id) {
    AppendPlainString(dictionary[id].data(), static_cast<uint32_t>(dictionary[id].size()), &chunk->dictionary);
  }
  AppendIndexPages(slice, chunk);
}

void ColumnEncoder::EncodeBools(const Slice& slice, EncodedChunk* chunk) {
  PodVector<uint8_t> scratch;
  for (EncodedPage& page : chunk->pages) {
    size_t count;
    const uint8_t* bools =
        DropNulls(slice.column.bools.data() + slice.begin + page.first_row, slice.valid(page), page.rows, &scratch, &count);
    AppendPlainBools(bools, count, &page.bytes);
  }
}

EncodedChunk ColumnEncoder::EncodeTime(const int64_t* time, size_t rows) {
  EncodedChunk chunk;
  chunk.stats.name = kTimeColumn;
  chunk.stats.type = ColumnType::kInt64;
  // Series that are sampled together share their times.
  const bool shared = TryDictionary(reinterpret_cast<const uint64_t*>(time), rows, rows / 8 + 1, &chunk);
  const int bit_width = shared ? BitWidth(chunk.dictionary_values - 1) : 0;
  for (size_t row = 0; row < rows; row += kPageRows) {
    EncodedPage& page = chunk.pages.emplace_back();
    page.first_row = row;
    page.rows = std::min(kPageRows, rows - row);
    if (shared) {
      page.encoding = Encoding::RLE_DICTIONARY;
      AppendDictionaryIndices(indices_.data() + row, page.rows, bit_width, &page.bytes);
    } else {
      page.encoding = Encoding::DELTA_BINARY_PACKED;
      AppendDeltaBinaryPacked(time + row, page.rows, &page.bytes);
    }
    const auto [least, greatest] = std::minmax_element(time + row, time + row + page.rows);
    page.stats = chunk.stats;
    page.stats.min = *least;
    page.stats.max = *greatest;
  }
  for (const EncodedPage& page : chunk.pages) MergeStats(page.stats, &chunk.stats);
  return chunk;
}

EncodedChunk ColumnEncoder::Encode(const Column& column, size_t begin, size_t end) {
  const Slice slice{column, begin, end - begin};
  EncodedChunk chunk;
  chunk.pages = SplitIntoPages(slice);
  chunk.stats.name = column.name;
  chunk.stats.type = column.type;
  for (const EncodedPage& page : chunk.pages) MergeStats(page.stats, &chunk.stats);
  switch (column.type) {
    case ColumnType::kFloat64:
    case ColumnType::kInt64:
    case ColumnType::kUInt64: EncodeWords(slice, &chunk); break;
    case ColumnType::kTag: EncodeTag(slice, &chunk); break;
    case ColumnType::kString: EncodeStrings(slice, &chunk); break;
    case ColumnType::kBool: EncodeBools(slice, &chunk); break;
  }
  return chunk;
}

EncodedChunk ColumnEncoder::EncodeMissing(const ColumnSchema& column, size_t rows) {
  EncodedChunk chunk;
  chunk.stats.name = column.name;
  chunk.stats.type = column.type;
  chunk.stats.null_count = static_cast<int64_t>(rows);
  EncodedPage& page = chunk.pages.emplace_back();
  page.rows = rows;
  page.null_count = chunk.stats.null_count;
  page.stats = chunk.stats;
  const PodVector<uint8_t> no_value = [&] {
    PodVector<uint8_t> valid;
    valid.Resize(rows, 0);
    return valid;
  }();
  AppendDefinitionLevels(no_value.data(), rows, &page.bytes);
  page.level_bytes = page.bytes.size();
  return chunk;
}

}  // namespace gigapi
