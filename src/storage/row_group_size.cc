#include "storage/row_group_size.h"

#include "storage/word_dictionary.h"

namespace gigapi {
namespace {

constexpr size_t kSampleValues = 16 * 1024;

/// Many values, which still repeat: a dictionary for one small row group would be about as large as the values.
bool RepeatsRarely(const Column& column, WordDictionary* dictionary) {
  if (column.type != ColumnType::kFloat64) return false;
  const size_t step = column.words.size() / kSampleValues;
  PodVector<uint64_t> values(kSampleValues);
  PodVector<uint32_t> unused(kSampleValues);
  for (size_t i = 0; i < kSampleValues; ++i) values[i] = column.words[i * step];
  if (!dictionary->Encode(values.data(), values.size(), kSampleValues, unused.data())) return false;
  const size_t distinct = dictionary->values().size();
  return distinct > kSampleValues / 10 * 7 && distinct < kSampleValues / 100 * 99;
}

}  // namespace

size_t ChooseRowGroupRows(const ColumnBatch& sample) {
  if (sample.rows() < kRowGroupRows) return kRowGroupRows;
  WordDictionary dictionary;
  for (const Column& column : sample.columns) {
    if (RepeatsRarely(column, &dictionary)) return kLargeRowGroupRows;
  }
  return kRowGroupRows;
}

}  // namespace gigapi
