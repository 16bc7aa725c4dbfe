// SortChunks: rows of several batches, sorted by (tags, time), as one batch.
//
// Rows are numbered through all chunks, in arrival order or one that gives the same result. Every row gets a key a group of
// tags (ranks folded into one number); counting sorts of the keys, last group first, say where each row goes
// (`position_of`). Time is only sorted inside a series, and only where rows did not come in order already, which is rare.
// Then every column is scattered once.
#include <algorithm>
#include <cstring>
#include <numeric>
#include <optional>

#include "storage/parquet_file.h"
#include "storage/string_dictionary.h"

namespace gigapi {
namespace {

/// Counting sort keeps one counter for each key: keys of several tags are folded into one while they stay below this.
constexpr uint64_t kFoldedKeysMax = 1 << 20;
constexpr size_t kRadixSortRowsMin = 2048;

/// Where the rows of each chunk start in the numbering through all of them.
struct Input {
  std::vector<const ColumnBatch*> chunks;
  std::vector<uint32_t> first_row;
  uint32_t rows = 0;
};

/// Ranks of one tag's values over all chunks: 0 is NULL, 1 the smallest value that occurs.
struct TagRanks {
  StringColumn dictionary;                          // in order; value of rank r at r - 1
  std::vector<std::vector<uint32_t>> rank_of_code;  // by chunk; empty where the chunk lacks the column
  uint32_t cardinality() const { return static_cast<uint32_t>(dictionary.size()) + 1; }
};

/// Tags that are sorted in one pass: key = rank of the first * cardinality of the second + rank of the second...
struct KeyGroup {
  std::vector<size_t> tags;  // positions in the list of tags
  uint64_t cardinality = 1;
  PodVector<uint32_t> key_of_row;
  PodVector<uint32_t> sorted;  // the keys in the order of the output
};

/// The chunks that have rows, by time, but those whose times overlap in order of arrival: requests of several connections
/// change places, and rows that come in order of time need no sort. Rows of equal time keep their order.
std::vector<const ColumnBatch*> ChunksByTime(const std::vector<ColumnBatchPtr>& chunks) {
  std::vector<size_t> order;
  for (size_t i = 0; i < chunks.size(); ++i) {
    if (chunks[i]->rows() > 0) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return chunks[a]->min_time < chunks[b]->min_time; });
  for (size_t begin = 0, end; begin < order.size(); begin = end) {
    int64_t max_time = chunks[order[begin]]->max_time;
    for (end = begin + 1; end < order.size() && chunks[order[end]]->min_time <= max_time; ++end) {
      max_time = std::max(max_time, chunks[order[end]]->max_time);
    }
    std::sort(order.data() + begin, order.data() + end);
  }
  std::vector<const ColumnBatch*> by_time;
  for (const size_t i : order) by_time.push_back(chunks[i].get());
  return by_time;
}

Status NumberRows(const std::vector<ColumnBatchPtr>& chunks, Input* input) {
  uint64_t rows = 0;
  input->chunks = ChunksByTime(chunks);
  for (const ColumnBatch* chunk : input->chunks) {
    input->first_row.push_back(static_cast<uint32_t>(rows));
    rows += chunk->rows();
    if (rows > UINT32_MAX) return Error(ErrorKind::kTooLarge, "more than 4 billion rows to sort at once");
  }
  input->rows = static_cast<uint32_t>(rows);
  return Status::OK();
}

/// The columns of one name, by chunk; nullptr where a chunk lacks it.
Result<std::vector<const Column*>> ColumnsOf(const Input& input, const ColumnSchema& schema) {
  std::vector<const Column*> columns;
  columns.reserve(input.chunks.size());
  for (const ColumnBatch* chunk : input.chunks) {
    const Column* column = chunk->Find(schema.name);
    if (column != nullptr && !Widens(column->type, schema.type)) {
      return Errorf(ErrorKind::kInternal, "column {} holds {} values where the table has {}", schema.name,
                    ToString(column->type), ToString(schema.type));
    }
    columns.push_back(column);
  }
  return columns;
}

std::vector<uint8_t> UsedCodes(const Column& column) {
  std::vector<uint8_t> used(column.strings.size(), 0);
  const size_t rows = column.codes.size();
  if (column.valid.empty()) {
    for (size_t row = 0; row < rows; ++row) used[column.codes[row]] = 1;
  } else {
    for (size_t row = 0; row < rows; ++row) {
      if (column.valid[row]) used[column.codes[row]] = 1;
    }
  }
  return used;
}

TagRanks RankTag(const std::vector<const Column*>& columns) {
  StringDictionary dictionary;
  TagRanks ranks;
  ranks.rank_of_code.resize(columns.size());
  for (size_t chunk = 0; chunk < columns.size(); ++chunk) {
    if (columns[chunk] == nullptr) continue;
    const std::vector<uint8_t> used = UsedCodes(*columns[chunk]);
    auto& ids = ranks.rank_of_code[chunk];
    ids.resize(used.size(), 0);
    for (size_t code = 0; code < used.size(); ++code) {
      if (used[code]) ids[code] = dictionary.FindOrAdd(columns[chunk]->strings[code]);
    }
  }
  std::vector<uint32_t> rank_of_id(dictionary.size());
  for (const uint32_t id : dictionary.SortedIds()) {
    ranks.dictionary.Append(dictionary[id]);
    rank_of_id[id] = static_cast<uint32_t>(ranks.dictionary.size());
  }
  if (rank_of_id.empty()) return ranks;
  for (auto& ids : ranks.rank_of_code) {
    for (uint32_t& id : ids) id = rank_of_id[id];
  }
  return ranks;
}

/// Adds this tag to the keys: key = key * cardinality + rank.
void FoldIntoKeys(const Input& input, const std::vector<const Column*>& columns, const TagRanks& ranks, uint32_t* keys) {
  const uint32_t cardinality = ranks.cardinality();
  for (size_t chunk = 0; chunk < input.chunks.size(); ++chunk) {
    uint32_t* const out = keys + input.first_row[chunk];
    const size_t rows = input.chunks[chunk]->rows();
    const Column* column = columns[chunk];
    const uint32_t* rank_of_code = ranks.rank_of_code[chunk].data();
    if (column == nullptr) {
      for (size_t row = 0; row < rows; ++row) out[row] *= cardinality;
    } else if (column->valid.empty()) {
      const uint32_t* const codes = column->codes.data();
      for (size_t row = 0; row < rows; ++row) out[row] = out[row] * cardinality + rank_of_code[codes[row]];
    } else {
      for (size_t row = 0; row < rows; ++row) {
        out[row] = out[row] * cardinality + (column->valid[row] ? rank_of_code[column->codes[row]] : 0);
      }
    }
  }
}

/// Where the rows of each key start in the order of the output; one more at the end.
std::vector<uint32_t> FirstPositions(const KeyGroup& group) {
  std::vector<uint32_t> first(group.cardinality + 1, 0);
  for (const uint32_t key : group.key_of_row) ++first[key + 1];
  std::partial_sum(first.begin(), first.end(), first.begin());
  return first;
}

/// One pass of a stable LSD sort. `order` is the order so far; empty: as the rows came.
PodVector<uint32_t> SortByKey(const KeyGroup& group, const PodVector<uint32_t>& order) {
  const size_t rows = group.key_of_row.size();
  const uint32_t* const keys = group.key_of_row.data();
  std::vector<uint32_t> next = FirstPositions(group);
  PodVector<uint32_t> sorted(rows);
  for (size_t i = 0; i < rows; ++i) {
    const uint32_t row = order.empty() ? static_cast<uint32_t>(i) : order[i];
    sorted[next[keys[row]]++] = row;
  }
  return sorted;
}

PodVector<uint32_t> Inverse(const PodVector<uint32_t>& order) {
  PodVector<uint32_t> inverse(order.size());
  for (size_t i = 0; i < order.size(); ++i) inverse[order[i]] = static_cast<uint32_t>(i);
  return inverse;
}

/// PositionsByKeys of one group: its only pass gives the positions at once, and the sorted keys without moving them.
PodVector<uint32_t> PositionsByOneKey(KeyGroup* group, uint32_t rows) {
  const uint32_t* const keys = group->key_of_row.data();
  std::vector<uint32_t> next = FirstPositions(*group);
  group->sorted.Resize(rows);
  for (uint32_t key = 0; key < group->cardinality; ++key) {
    std::fill(group->sorted.data() + next[key], group->sorted.data() + next[key + 1], key);
  }
  PodVector<uint32_t> positions(rows);
  for (uint32_t row = 0; row < rows; ++row) positions[row] = next[keys[row]]++;
  return positions;
}

/// Where each row goes so that the keys are sorted and rows of equal keys keep their order. Sets the groups' sorted keys.
PodVector<uint32_t> PositionsByKeys(uint32_t rows, std::vector<KeyGroup>* groups) {
  if (groups->size() == 1) return PositionsByOneKey(&groups->front(), rows);
  PodVector<uint32_t> order;
  for (size_t i = groups->size(); i-- > 0;) order = SortByKey((*groups)[i], order);
  if (order.empty()) {
    order.Resize(rows);
    std::iota(order.begin(), order.end(), 0);
  }
  for (KeyGroup& group : *groups) {
    group.sorted.Resize(rows);
    for (uint32_t i = 0; i < rows; ++i) group.sorted[i] = group.key_of_row[order[i]];
  }
  return Inverse(order);
}

struct TimeAt {
  uint64_t time;  // since the earliest of the series
  uint32_t position;
};

void RadixSort(std::vector<TimeAt>* items, uint64_t range) {
  constexpr int kBits = 11;
  std::vector<TimeAt> other(items->size());
  for (int shift = 0; shift < 64 && (range >> shift) != 0; shift += kBits) {
    uint32_t next[(1 << kBits) + 1] = {};
    for (const TimeAt& item : *items) ++next[((item.time >> shift) & ((1 << kBits) - 1)) + 1];
    std::partial_sum(std::begin(next), std::end(next), std::begin(next));
    for (const TimeAt& item : *items) other[next[(item.time >> shift) & ((1 << kBits) - 1)]++] = item;
    items->swap(other);
  }
}

/// Sorts the times [begin, end) of one series, rows of equal time in their order. (*moved_to)[p] says where the row at p
/// went.
void SortSeries(PodVector<int64_t>* time, size_t begin, size_t end, PodVector<uint32_t>* moved_to) {
  const auto [earliest, latest] = std::minmax_element(time->data() + begin, time->data() + end);
  const auto base = static_cast<uint64_t>(*earliest);
  const uint64_t range = static_cast<uint64_t>(*latest) - base;
  std::vector<TimeAt> items(end - begin);
  for (size_t i = begin; i < end; ++i)
    items[i - begin] = {static_cast<uint64_t>((*time)[i]) - base, static_cast<uint32_t>(i)};
  if (items.size() >= kRadixSortRowsMin) {
    RadixSort(&items, range);
  } else {
    std::sort(items.begin(), items.end(),
              [](const TimeAt& a, const TimeAt& b) { return a.time != b.time ? a.time < b.time : a.position < b.position; });
  }
  for (size_t i = begin; i < end; ++i) {
    (*time)[i] = static_cast<int64_t>(items[i - begin].time + base);
    (*moved_to)[items[i - begin].position] = static_cast<uint32_t>(i);
  }
}

/// The end of the series that starts at `begin`: the first row whose key differs in any group.
size_t SeriesEnd(const std::vector<KeyGroup>& groups, size_t begin, size_t rows) {
  size_t end = begin + 1;
  for (; end < rows; ++end) {
    for (const KeyGroup& group : groups) {
      if (group.sorted[end] != group.sorted[begin]) return end;
    }
  }
  return rows;
}

/// Brings the times of every series in order, and the positions with them.
void SortTimesWithinSeries(const std::vector<KeyGroup>& groups, PodVector<int64_t>* time, PodVector<uint32_t>* position_of) {
  const size_t rows = time->size();
  PodVector<uint32_t> moved_to;
  for (size_t begin = 0, end; begin < rows; begin = end) {
    end = SeriesEnd(groups, begin, rows);
    if (std::is_sorted(time->data() + begin, time->data() + end)) continue;
    if (moved_to.empty()) {
      moved_to.Resize(rows);
      std::iota(moved_to.begin(), moved_to.end(), 0);
    }
    SortSeries(time, begin, end, &moved_to);
  }
  if (moved_to.empty()) return;
  for (uint32_t& position : *position_of) position = moved_to[position];
}

template <typename T>
void Scatter(const T* from, size_t count, const uint32_t* position_of, T* to) {
  for (size_t row = 0; row < count; ++row) to[position_of[row]] = from[row];
}

void ScatterWidened(const Column& column, const uint32_t* position_of, uint64_t* to) {
  const bool is_signed = column.type == ColumnType::kInt64;
  for (size_t row = 0; row < column.words.size(); ++row) {
    const double value = is_signed ? static_cast<double>(column.i64()[row]) : static_cast<double>(column.u64()[row]);
    __builtin_memcpy(&to[position_of[row]], &value, sizeof(value));
  }
}

/// Everything that is known once the order is.
struct Sorter {
  Input input;
  PodVector<uint32_t> position_of;

  const uint32_t* PositionsOf(size_t chunk) const { return position_of.data() + input.first_row[chunk]; }

  void ScatterWords(const std::vector<const Column*>& columns, ColumnType type, PodVector<uint64_t>* words) const {
    words->Resize(input.rows);
    for (size_t chunk = 0; chunk < columns.size(); ++chunk) {
      const uint32_t* const positions = PositionsOf(chunk);
      const size_t rows = input.chunks[chunk]->rows();
      if (columns[chunk] == nullptr) {
        for (size_t row = 0; row < rows; ++row) (*words)[positions[row]] = 0;
      } else if (columns[chunk]->type != type) {
        ScatterWidened(*columns[chunk], positions, words->data());
      } else {
        Scatter(columns[chunk]->words.data(), rows, positions, words->data());
      }
    }
  }

  void ScatterBools(const std::vector<const Column*>& columns, PodVector<uint8_t>* bools) const {
    bools->Resize(input.rows);
    for (size_t chunk = 0; chunk < columns.size(); ++chunk) {
      const uint32_t* const positions = PositionsOf(chunk);
      for (size_t row = 0; row < input.chunks[chunk]->rows(); ++row) {
        (*bools)[positions[row]] = columns[chunk] == nullptr ? 0 : columns[chunk]->bools[row];
      }
    }
  }

  Status ScatterStrings(const std::vector<const Column*>& columns, const std::string& name, StringColumn* strings) const {
    uint64_t bytes = 0;
    for (const Column* column : columns) bytes += column == nullptr ? 0 : column->strings.bytes().size();
    if (bytes > UINT32_MAX)
      return Errorf(ErrorKind::kTooLarge, "column {} has more than 4 GB of text to sort at once", name);
    auto& offsets = strings->mutable_offsets();
    offsets.Resize(input.rows + 1);
    offsets[0] = 0;
    for (size_t chunk = 0; chunk < columns.size(); ++chunk) {
      const uint32_t* const positions = PositionsOf(chunk);
      for (size_t row = 0; row < input.chunks[chunk]->rows(); ++row) {
        offsets[positions[row] + 1] =
            columns[chunk] == nullptr ? 0 : static_cast<uint32_t>(columns[chunk]->strings[row].size());
      }
    }
    std::partial_sum(offsets.begin(), offsets.end(), offsets.begin());
    strings->mutable_bytes().Resize(bytes);
    for (size_t chunk = 0; chunk < columns.size(); ++chunk) {
      if (columns[chunk] == nullptr) continue;
      const uint32_t* const positions = PositionsOf(chunk);
      for (size_t row = 0; row < input.chunks[chunk]->rows(); ++row) {
        const std::string_view value = columns[chunk]->strings[row];
        if (!value.empty())
          std::memcpy(strings->mutable_bytes().data() + offsets[positions[row]], value.data(), value.size());
      }
    }
    return Status::OK();
  }

  /// Leaves `valid` empty when every row has a value. Answers whether any row has one.
  bool ScatterValidity(const std::vector<const Column*>& columns, PodVector<uint8_t>* valid) const {
    bool any_valid = false;
    bool any_null = false;
    for (const Column* column : columns) {
      if (column == nullptr) {
        any_null = true;
      } else if (column->valid.empty()) {
        any_valid = true;
      } else {
        const uint8_t* const flags = column->valid.data();
        any_valid |= std::memchr(flags, 1, column->valid.size()) != nullptr;
        any_null |= std::memchr(flags, 0, column->valid.size()) != nullptr;
      }
    }
    if (!any_null) return any_valid;
    valid->Resize(input.rows);
    for (size_t chunk = 0; chunk < columns.size(); ++chunk) {
      const uint32_t* const positions = PositionsOf(chunk);
      const Column* column = columns[chunk];
      for (size_t row = 0; row < input.chunks[chunk]->rows(); ++row) {
        (*valid)[positions[row]] = column != nullptr && column->IsValid(row);
      }
    }
    return any_valid;
  }

  /// nullopt when no row has a value.
  Result<std::optional<Column>> SortField(const ColumnSchema& schema) const {
    ARROW_ASSIGN_OR_RAISE(const std::vector<const Column*> columns, ColumnsOf(input, schema));
    Column out;
    out.name = schema.name;
    out.type = schema.type;
    if (!ScatterValidity(columns, &out.valid)) return std::nullopt;
    switch (schema.type) {
      case ColumnType::kBool: ScatterBools(columns, &out.bools); break;
      case ColumnType::kString: ARROW_RETURN_NOT_OK(ScatterStrings(columns, schema.name, &out.strings)); break;
      default: ScatterWords(columns, schema.type, &out.words); break;
    }
    return out;
  }
};

struct Tag {
  std::vector<const Column*> columns;
  TagRanks ranks;
};

std::vector<KeyGroup> MakeKeyGroups(const Input& input, const std::vector<Tag>& tags) {
  std::vector<KeyGroup> groups;
  for (size_t i = 0; i < tags.size(); ++i) {
    const uint64_t cardinality = tags[i].ranks.cardinality();
    if (groups.empty() || groups.back().cardinality * cardinality > kFoldedKeysMax) {
      groups.emplace_back().key_of_row.Resize(input.rows, 0);
    }
    KeyGroup& group = groups.back();
    FoldIntoKeys(input, tags[i].columns, tags[i].ranks, group.key_of_row.data());
    group.tags.push_back(i);
    group.cardinality *= cardinality;
  }
  return groups;
}

/// Codes of the tags in one group, from the sorted keys: equal keys are neighbours.
void FillCodes(const KeyGroup& group, std::vector<Tag>* tags, std::vector<Column>* columns) {
  const uint32_t* const keys = group.sorted.data();
  const size_t rows = group.sorted.size();
  for (const size_t tag : group.tags) {
    (*columns)[tag].type = ColumnType::kTag;
    (*columns)[tag].codes.Resize(rows);
    (*columns)[tag].strings = std::move((*tags)[tag].ranks.dictionary);
  }
  for (size_t begin = 0, end; begin < rows; begin = end) {
    end = begin + 1;
    while (end < rows && keys[end] == keys[begin]) ++end;
    uint32_t key = keys[begin];
    for (size_t i = group.tags.size(); i-- > 0;) {
      Column& column = (*columns)[group.tags[i]];
      const auto cardinality = static_cast<uint32_t>(column.strings.size()) + 1;
      const uint32_t rank = key % cardinality;
      key /= cardinality;
      std::fill(column.codes.data() + begin, column.codes.data() + end, rank == 0 ? 0 : rank - 1);
      if (rank == 0 && column.valid.empty()) column.valid.Resize(rows, 1);
      if (rank == 0) std::fill(column.valid.data() + begin, column.valid.data() + end, 0);
    }
  }
}

}  // namespace

Result<ColumnBatch> SortChunks(const TableSchema& schema, const std::vector<ColumnBatchPtr>& chunks) {
  Sorter sorter;
  const Input& input = sorter.input;
  ARROW_RETURN_NOT_OK(NumberRows(chunks, &sorter.input));

  std::vector<Tag> tags;
  for (const size_t position : schema.tags()) {
    Tag& tag = tags.emplace_back();
    ARROW_ASSIGN_OR_RAISE(tag.columns, ColumnsOf(input, schema[position]));
    tag.ranks = RankTag(tag.columns);
  }
  std::vector<KeyGroup> groups = MakeKeyGroups(input, tags);
  sorter.position_of = PositionsByKeys(input.rows, &groups);
  for (KeyGroup& group : groups) group.key_of_row = {};

  ColumnBatch out;
  out.time.Resize(input.rows);
  for (size_t chunk = 0; chunk < input.chunks.size(); ++chunk) {
    Scatter(input.chunks[chunk]->time.data(), input.chunks[chunk]->rows(), sorter.PositionsOf(chunk), out.time.data());
  }
  SortTimesWithinSeries(groups, &out.time, &sorter.position_of);
  out.ComputeTimeRange();

  std::vector<Column> tag_columns(tags.size());
  for (KeyGroup& group : groups) {
    FillCodes(group, &tags, &tag_columns);
    group.sorted = {};
  }
  size_t next_tag = 0;
  for (const ColumnSchema& column : schema.columns()) {
    if (column.type == ColumnType::kTag) {
      Column& tag = tag_columns[next_tag++];
      tag.name = column.name;
      if (tag.strings.size() > 0) out.columns.push_back(std::move(tag));
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(std::optional<Column> field, sorter.SortField(column));
    if (field) out.columns.push_back(std::move(*field));
  }
  return out;
}

}  // namespace gigapi
