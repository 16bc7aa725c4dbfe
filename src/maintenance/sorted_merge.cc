#include "maintenance/sorted_merge.h"

#include <algorithm>

namespace gigapi {
namespace {

constexpr size_t kLoadRows = 16 * 1024;
constexpr size_t kTextBytesMax = 64 << 20;

template <typename T>
void AppendCopies(size_t count, T value, PodVector<T>* out) {
  out->Resize(out->size() + count, value);
}

}  // namespace

Result<std::unique_ptr<SortedMerge>> SortedMerge::Open(std::vector<std::shared_ptr<ReadableFile>> files,
                                                       const TableSchema& schema) {
  auto merge = std::unique_ptr<SortedMerge>(new SortedMerge(schema));
  for (std::shared_ptr<ReadableFile>& file : files) {
    ARROW_ASSIGN_OR_RAISE(merge->inputs_.emplace_back().reader, ParquetReader::Open(std::move(file), schema));
  }
  merge->MakeColumns();
  ARROW_RETURN_NOT_OK(merge->RankTags());
  for (Input& input : merge->inputs_) ARROW_RETURN_NOT_OK(merge->Load(&input));
  return merge;
}

std::vector<const FileProvenance*> SortedMerge::provenances() const {
  std::vector<const FileProvenance*> provenances;
  for (const Input& input : inputs_) provenances.push_back(input.reader->provenance());
  return provenances;
}

void SortedMerge::MakeColumns() {
  size_t tag = 0, field = 0;
  for (size_t i = 0; i < schema_.size(); ++i) {
    const size_t source = schema_[i].type == ColumnType::kTag ? tag++ : field++;
    const bool any_has_it =
        std::any_of(inputs_.begin(), inputs_.end(), [&](const Input& input) { return input.reader->HasColumn(i); });
    if (!any_has_it) continue;
    columns_.push_back(schema_[i]);
    source_.push_back(source);
    Column& column = batch_.columns.emplace_back();
    column.name = schema_[i].name;
    column.type = schema_[i].type;
  }
}

Status SortedMerge::RankTags() {
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i].type != ColumnType::kTag) continue;
    StringDictionary dictionary;
    for (Input& input : inputs_) input.reader->AddTagValues(source_[i], &dictionary);
    std::vector<uint32_t> rank_of_id(dictionary.size());
    uint64_t bytes = 0;
    for (uint32_t id = 0; id < dictionary.size(); ++id) bytes += dictionary[id].size();
    if (bytes > UINT32_MAX) return Errorf(ErrorKind::kTooLarge, "tag {} has more than 4 GB of values", columns_[i].name);
    for (const uint32_t id : dictionary.SortedIds()) {
      batch_.columns[i].strings.Append(dictionary[id]);
      rank_of_id[id] = static_cast<uint32_t>(batch_.columns[i].strings.size());
    }
    for (Input& input : inputs_) input.reader->SetTagRanks(source_[i], rank_of_id);
  }
  return Status::OK();
}

Status SortedMerge::Load(Input* input) {
  input->at = 0;
  ARROW_RETURN_NOT_OK(input->reader->Next(kLoadRows, &input->rows));
  input->done = input->rows.rows() == 0;
  if (!input->done) FindRun(input);
  return Status::OK();
}

void SortedMerge::FindRun(Input* input) {
  const auto is_same_series = [input](size_t row) {
    return std::all_of(input->rows.tags.begin(), input->rows.tags.end(),
                       [&](const PodVector<uint32_t>& ranks) { return ranks[row] == ranks[input->at]; });
  };
  size_t end = input->at + 1;
  while (end < input->rows.rows() && is_same_series(end)) ++end;
  input->run_end = end;
}

int SortedMerge::CompareTags(const Input& a, const Input& b) const {
  for (size_t tag = 0; tag < a.rows.tags.size(); ++tag) {
    const uint32_t left = a.rows.tags[tag][a.at];
    const uint32_t right = b.rows.tags[tag][b.at];
    if (left != right) return left < right ? -1 : 1;
  }
  return 0;
}

/// Sets series_; answers how many inputs it has, 0 at the end of all files.
size_t SortedMerge::FindNextSeries() {
  series_.clear();
  for (size_t i = 0; i < inputs_.size(); ++i) {
    if (inputs_[i].done) continue;
    const int order = series_.empty() ? -1 : CompareTags(inputs_[i], inputs_[series_[0]]);
    if (order > 0) continue;
    if (order < 0) series_.clear();
    series_.push_back(i);
  }
  return series_.size();
}

/// The next rows of the output that come from one input without another's between them. series_ must be set.
SortedMerge::Range SortedMerge::NextRange(size_t rows_max) {
  const auto time_of = [this](size_t i) { return inputs_[i].rows.time[inputs_[i].at]; };
  size_t first = series_[0];
  for (const size_t i : series_) {
    if (time_of(i) < time_of(first)) first = i;
  }
  Input& input = inputs_[first];
  const int64_t* const times = input.rows.time.data();
  size_t end = std::min(input.run_end, input.at + rows_max);
  for (const size_t i : series_) {
    if (i == first) continue;
    // Of equal times the older file's come first.
    const int64_t* stop = first < i ? std::upper_bound(times + input.at, times + end, time_of(i))
                                    : std::lower_bound(times + input.at, times + end, time_of(i));
    end = static_cast<size_t>(stop - times);
  }
  const Range range{&input, input.at, end};
  input.at = end;
  return range;
}

Status SortedMerge::Fill(size_t rows) {
  while (batch_.rows() + ranged_rows_ < rows && FindNextSeries() > 0) {
    const Range range = NextRange(rows - batch_.rows() - ranged_rows_);
    ranges_.push_back(range);
    ranged_rows_ += range.end - range.begin;
    auto* const input = const_cast<Input*>(range.input);
    if (input->at < input->run_end) continue;
    if (input->at < input->rows.rows()) {
      FindRun(input);
      continue;
    }
    CopyRanges();  // before the rows that they point to are replaced
    ARROW_RETURN_NOT_OK(Load(input));
    if (TextIsLarge()) break;
  }
  CopyRanges();
  return Status::OK();
}

bool SortedMerge::TextIsLarge() const {
  return std::any_of(batch_.columns.begin(), batch_.columns.end(), [](const Column& column) {
    return column.type == ColumnType::kString && column.strings.bytes().size() > kTextBytesMax;
  });
}

void SortedMerge::CopyRanges() {
  for (const Range& range : ranges_)
    batch_.time.Append(range.input->rows.time.data() + range.begin, range.end - range.begin);
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i].type == ColumnType::kTag) {
      CopyTag(source_[i], &batch_.columns[i]);
    } else {
      CopyField(source_[i], &batch_.columns[i]);
    }
  }
  ranges_.clear();
  ranged_rows_ = 0;
}

void SortedMerge::CopyTag(size_t tag, Column* out) {
  for (const Range& range : ranges_) {
    const size_t count = range.end - range.begin;
    const uint32_t rank = range.input->rows.tags[tag][range.begin];
    if (rank == 0 && out->valid.empty()) AppendCopies<uint8_t>(out->codes.size(), 1, &out->valid);
    if (rank == 0 || !out->valid.empty()) AppendCopies<uint8_t>(count, rank != 0, &out->valid);
    AppendCopies<uint32_t>(count, rank == 0 ? 0 : rank - 1, &out->codes);
  }
}

void SortedMerge::CopyField(size_t field, Column* out) {
  size_t rows_before = batch_.rows() - ranged_rows_;
  for (const Range& range : ranges_) {
    const size_t count = range.end - range.begin;
    const Column& from = range.input->rows.fields[field];
    if (!from.valid.empty() && out->valid.empty()) AppendCopies<uint8_t>(rows_before, 1, &out->valid);
    if (!from.valid.empty()) {
      out->valid.Append(from.valid.data() + range.begin, count);
    } else if (!out->valid.empty()) {
      AppendCopies<uint8_t>(count, 1, &out->valid);
    }
    rows_before += count;
    switch (out->type) {
      case ColumnType::kBool: out->bools.Append(from.bools.data() + range.begin, count); break;
      case ColumnType::kString:
        for (size_t row = range.begin; row < range.end; ++row) out->strings.Append(from.strings[row]);
        break;
      default: out->words.Append(from.words.data() + range.begin, count); break;
    }
  }
}

void SortedMerge::Clear() {
  batch_.time.Clear();
  for (Column& column : batch_.columns) {
    column.words.Clear();
    column.bools.Clear();
    column.codes.Clear();
    column.valid.Clear();
    if (column.type == ColumnType::kString) column.strings.Truncate(0);
  }
}

}  // namespace gigapi
