#include "query/memory_reader.h"

#include <algorithm>

#include "query/file_pruning.h"

namespace gigapi {
namespace {

using duckdb::FlatVector;
using duckdb::SelectionVector;
using duckdb::string_t;
using duckdb::Vector;

// As many rows as DuckDB's own row groups: enough work for a thread, little enough to share.
constexpr size_t kRunRows = 60 * STANDARD_VECTOR_SIZE;

duckdb::data_ptr_t Pointer(const void* data) { return static_cast<duckdb::data_ptr_t>(const_cast<void*>(data)); }

string_t StringAt(const StringColumn& strings, size_t i) {
  const std::string_view value = strings[i];
  return string_t(value.data(), static_cast<uint32_t>(value.size()));
}

void SetValidity(const Column& column, size_t begin, size_t count, Vector* out) {
  if (column.valid.empty()) return;
  auto& mask = FlatVector::Validity(*out);
  const uint8_t* valid = column.valid.data() + begin;
  for (size_t i = 0; i < count; ++i) {
    if (valid[i] == 0) mask.SetInvalid(i);
  }
}

void ReadNulls(Vector* out) {
  out->SetVectorType(duckdb::VectorType::CONSTANT_VECTOR);
  duckdb::ConstantVector::SetNull(*out, true);
}

void ReadStrings(const Column& column, size_t begin, size_t count, Vector* out) {
  auto* values = FlatVector::GetData<string_t>(*out);
  for (size_t i = 0; i < count; ++i) values[i] = StringAt(column.strings, begin + i);
}

void ReadTagValues(const Column& column, size_t begin, size_t count, Vector* out) {
  auto* values = FlatVector::GetData<string_t>(*out);
  for (size_t i = 0; i < count; ++i) {
    values[i] = column.IsValid(begin + i) ? StringAt(column.strings, column.codes[begin + i]) : string_t();
  }
}

/// A tag's dictionary as DuckDB's, with one value more: NULL. DuckDB hashes the values of such a dictionary once, not by
/// row.
struct TagDictionary {
  explicit TagDictionary(const Column& column)
      : null_code(static_cast<duckdb::sel_t>(column.strings.size())),
        buffer(duckdb::DictionaryVector::CreateReusableDictionary(duckdb::LogicalType::VARCHAR, null_code + 1)) {
    auto* strings = FlatVector::GetData<string_t>(buffer->data);
    for (size_t i = 0; i < null_code; ++i) strings[i] = StringAt(column.strings, i);
    strings[null_code] = string_t();
    FlatVector::Validity(buffer->data).Resize(null_code + 1);
    FlatVector::SetNull(buffer->data, null_code, true);
  }

  const duckdb::sel_t null_code;
  const duckdb::buffer_ptr<duckdb::VectorChildBuffer> buffer;
};

SelectionVector TagCodes(const Column& column, size_t begin, size_t count, duckdb::sel_t null_code) {
  SelectionVector codes(count);
  for (size_t i = 0; i < count; ++i) {
    codes.set_index(i, column.IsValid(begin + i) ? column.codes[begin + i] : null_code);
  }
  return codes;
}

}  // namespace

/// Rows of one chunk that one thread reads.
struct MemoryReader::Run {
  const ColumnBatch* chunk = nullptr;
  size_t position = 0;
  size_t end = 0;
  int64_t first_row_number = 0;  // of the chunk's row 0, in the part
  // By position in column_ids.
  duckdb::vector<const Column*> columns;
  duckdb::vector<duckdb::unique_ptr<TagDictionary>> dictionaries;
  struct Filter {
    size_t position;
    const duckdb::TableFilter* filter;
    duckdb::unique_ptr<duckdb::TableFilterState> state;
  };
  duckdb::vector<Filter> filters;

  bool IsFiltered(size_t column_position) const {
    for (const Filter& filter : filters) {
      if (filter.position == column_position) return true;
    }
    return false;
  }
};

MemoryReader::MemoryReader(duckdb::OpenFileInfo file, duckdb::shared_ptr<LakeScanInfo> info, MemoryPartPtr part,
                           TimeOrder order)
    : BaseFileReader(std::move(file)), info_(std::move(info)), part_(std::move(part)) {
  for (size_t i = 0; i < info_->names.size(); ++i) {
    columns.emplace_back(info_->names[i], info_->types[i]);
    columns.back().identifier = duckdb::Value(info_->names[i]);
  }
  int64_t row_number = 0;
  for (const ColumnBatchPtr& chunk : part_->chunks) {
    chunks_.push_back({chunk.get(), row_number});
    row_number += static_cast<int64_t>(chunk->rows());
  }
  if (order == TimeOrder::kAscending) {
    std::stable_sort(chunks_.begin(), chunks_.end(),
                     [](const Chunk& a, const Chunk& b) { return a.rows->min_time < b.rows->min_time; });
  } else if (order == TimeOrder::kDescending) {
    std::stable_sort(chunks_.begin(), chunks_.end(),
                     [](const Chunk& a, const Chunk& b) { return a.rows->max_time > b.rows->max_time; });
  }
}

MemoryReader::~MemoryReader() = default;

void MemoryReader::AddVirtualColumn(duckdb::column_t column) {
  if (column != duckdb::MultiFileReader::COLUMN_IDENTIFIER_FILE_ROW_NUMBER) {
    throw duckdb::NotImplementedException("Buffered rows have no such column");
  }
  row_number_column_ = columns.size() - 1;  // the mapper has appended it already
}

double MemoryReader::GetProgressInFile(duckdb::ClientContext&) {
  const std::lock_guard<std::mutex> guard(lock_);
  return chunks_.empty() ? 100.0 : 100.0 * static_cast<double>(next_chunk_) / static_cast<double>(chunks_.size());
}

bool MemoryReader::NextChunkMayMatch() const {
  if (!filters) return true;
  const Chunk& chunk = chunks_[next_chunk_];
  for (const auto& [position, filter] : filters->filters) {
    const size_t column = ColumnAt(position);
    if (column == 0 && !MayMatch(*filter, TimeRange(chunk.rows->min_time, chunk.rows->max_time))) return false;
    const int64_t last_row = chunk.first_row_number + static_cast<int64_t>(chunk.rows->rows()) - 1;
    if (column == row_number_column_ && !MayMatch(*filter, TimeRange(chunk.first_row_number, last_row))) return false;
  }
  return true;
}

duckdb::unique_ptr<MemoryReader::Run> MemoryReader::NextRun(duckdb::ClientContext& context) {
  while (next_chunk_ < chunks_.size() && (next_row_ >= chunks_[next_chunk_].rows->rows() || !NextChunkMayMatch())) {
    ++next_chunk_;
    next_row_ = 0;
  }
  if (next_chunk_ >= chunks_.size()) return nullptr;
  auto run = duckdb::make_uniq<Run>();
  run->chunk = chunks_[next_chunk_].rows;
  run->position = next_row_;
  run->end = next_row_ = std::min(next_row_ + kRunRows, run->chunk->rows());
  run->first_row_number = chunks_[next_chunk_].first_row_number;
  for (duckdb::idx_t i = 0; i < column_ids.size(); ++i) {
    const size_t column = ColumnAt(i);
    const bool is_field = column > 0 && column < info_->names.size();
    run->columns.push_back(is_field ? run->chunk->Find(info_->names[column]) : nullptr);
  }
  run->dictionaries.resize(run->columns.size());
  if (filters) {
    for (const auto& [position, filter] : filters->filters) {
      run->filters.push_back({position, filter.get(), duckdb::TableFilterState::Initialize(context, *filter)});
    }
  }
  return run;
}

bool MemoryReader::TryInitializeScan(duckdb::ClientContext& context, duckdb::GlobalTableFunctionState&,
                                     duckdb::LocalTableFunctionState& lstate) {
  const std::lock_guard<std::mutex> guard(lock_);
  auto run = NextRun(context);
  if (!run) {
    runs_.erase(&lstate);
    return false;
  }
  runs_[&lstate] = std::move(run);
  return true;
}

void MemoryReader::ReadRowNumbers(const Run& run, size_t count, Vector* out) {
  auto* numbers = FlatVector::GetData<int64_t>(*out);
  for (size_t i = 0; i < count; ++i) {
    numbers[i] = run.first_row_number + static_cast<int64_t>(run.position + i);
  }
}

void MemoryReader::ReadColumn(Run* run, size_t position, size_t count, Vector* out) {
  const size_t id = ColumnAt(position);
  const size_t begin = run->position;
  if (id == 0) return FlatVector::SetData(*out, Pointer(run->chunk->time.data() + begin));
  if (id == row_number_column_) return ReadRowNumbers(*run, count, out);
  const Column* column = run->columns[position];
  if (column == nullptr) return ReadNulls(out);
  switch (column->type) {
    case ColumnType::kFloat64:
    case ColumnType::kInt64:
    case ColumnType::kUInt64: FlatVector::SetData(*out, Pointer(column->words.data() + begin)); break;
    case ColumnType::kBool: FlatVector::SetData(*out, Pointer(column->bools.data() + begin)); break;
    case ColumnType::kString: ReadStrings(*column, begin, count, out); break;
    case ColumnType::kTag: {
      if (column->strings.size() * 2 > run->chunk->rows()) {
        ReadTagValues(*column, begin, count, out);  // the dictionary would cost more than it saves
        break;
      }
      auto& dictionary = run->dictionaries[position];
      if (!dictionary) dictionary = duckdb::make_uniq<TagDictionary>(*column);
      out->Dictionary(dictionary->buffer, TagCodes(*column, begin, count, dictionary->null_code));
      return;
    }
  }
  SetValidity(*column, begin, count, out);
}

duckdb::AsyncResult MemoryReader::Scan(duckdb::ClientContext&, duckdb::GlobalTableFunctionState&,
                                       duckdb::LocalTableFunctionState& lstate, duckdb::DataChunk& chunk) {
  Run* run = nullptr;
  {
    const std::lock_guard<std::mutex> guard(lock_);
    run = runs_.at(&lstate).get();
  }
  const size_t count = std::min<size_t>(STANDARD_VECTOR_SIZE, run->end - run->position);
  if (count == 0) return duckdb::AsyncResult(duckdb::SourceResultType::FINISHED);
  SelectionVector selected;
  duckdb::idx_t passed = count;
  for (auto& filter : run->filters) {
    if (passed == 0) break;
    Vector& values = chunk.data[filter.position];
    ReadColumn(run, filter.position, count, &values);
    duckdb::UnifiedVectorFormat format;
    values.ToUnifiedFormat(count, format);
    duckdb::ColumnSegment::FilterSelection(selected, values, format, *filter.filter, *filter.state, count, passed);
  }
  if (passed > 0) {
    for (size_t i = 0; i < chunk.ColumnCount(); ++i) {
      if (!run->IsFiltered(i)) ReadColumn(run, i, count, &chunk.data[i]);
    }
  }
  run->position += count;
  chunk.SetCardinality(passed == 0 ? 0 : count);
  if (passed > 0 && passed != count) chunk.Slice(selected, passed);
  return duckdb::AsyncResult(duckdb::SourceResultType::HAVE_MORE_OUTPUT);
}

}  // namespace gigapi
