#include "query/lake_file_list.h"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <span>

#include <duckdb/planner/expression/bound_columnref_expression.hpp>
#include <duckdb/planner/expression/bound_operator_expression.hpp>

#include "query/lake_file_system.h"

namespace gigapi {
namespace {

using duckdb::OpenFileInfo;

constexpr const char* kEntryMark = "gigapi_entry";
constexpr const char* kListMark = "gigapi_list";
constexpr auto kFirstRowsWait = std::chrono::milliseconds(100);
constexpr auto kLookAgain = std::chrono::microseconds(200);

std::shared_ptr<const std::vector<uint32_t>> AllEntries(const LakeScanInfo& info) {
  auto entries = std::make_shared<std::vector<uint32_t>>(info.entry_count());
  std::iota(entries->begin(), entries->end(), 0U);
  return entries;
}

/// Fewer are looked at one by one.
constexpr size_t kRunMax = 16;

/// Keeps those of the entries, all files and in order, that may match. They lie in the order of their partitions: a run
/// whose hours the filters exclude is left out whole, so an hour of years is found in a few steps.
void KeepMatching(const LakeScanInfo& info, std::span<const uint32_t> entries, const ScanFilters& filters,
                  std::vector<uint32_t>* kept) {
  if (entries.size() <= kRunMax) {
    for (const uint32_t entry : entries) {
      if (filters.MayMatchEntry(info, entry)) kept->push_back(entry);
    }
    return;
  }
  const PartitionKey first = info.File(entries.front()).partition, last = info.File(entries.back()).partition;
  if (!filters.MayMatchTime(first.begin_ns(), last.last_ns())) return;
  const size_t half = entries.size() / 2;
  KeepMatching(info, entries.first(half), filters, kept);
  KeepMatching(info, entries.subspan(half), filters, kept);
}

std::shared_ptr<const std::vector<uint32_t>> Prune(const LakeScanInfo& info, const std::vector<uint32_t>& entries,
                                                   const ScanFilters& filters) {
  auto kept = std::make_shared<std::vector<uint32_t>>();
  const std::span<const uint32_t> all(entries);
  const bool in_order = std::is_sorted(entries.begin(), entries.end());
  const auto files_end = std::lower_bound(entries.begin(), entries.end(), info.file_count());
  const size_t files = in_order ? static_cast<size_t>(files_end - entries.begin()) : 0;
  KeepMatching(info, all.first(files), filters, kept.get());
  for (const uint32_t entry : all.subspan(files)) {
    if (filters.MayMatchEntry(info, entry)) kept->push_back(entry);
  }
  return kept;
}

/// `column IS NULL` and `column IS NOT NULL`, which DuckDB does not turn into table filters itself. SIZE_MAX as column: the
/// expression is another.
std::pair<duckdb::column_t, duckdb::unique_ptr<duckdb::TableFilter>> NullFilterOf(
    const duckdb::Expression& expression, const duckdb::MultiFilePushdownInfo& scan) {
  using duckdb::ExpressionType;
  const ExpressionType type = expression.GetExpressionType();
  if (type != ExpressionType::OPERATOR_IS_NULL && type != ExpressionType::OPERATOR_IS_NOT_NULL) return {SIZE_MAX, nullptr};
  const auto& children = expression.Cast<duckdb::BoundOperatorExpression>().children;
  if (children[0]->GetExpressionClass() != duckdb::ExpressionClass::BOUND_COLUMN_REF) return {SIZE_MAX, nullptr};
  const auto& column = children[0]->Cast<duckdb::BoundColumnRefExpression>();
  if (column.binding.table_index != scan.table_index || column.binding.column_index >= scan.column_indexes.size()) {
    return {SIZE_MAX, nullptr};
  }
  const duckdb::column_t index = scan.column_indexes[column.binding.column_index].GetPrimaryIndex();
  if (type == ExpressionType::OPERATOR_IS_NULL) return {index, duckdb::make_uniq<duckdb::IsNullFilter>()};
  return {index, duckdb::make_uniq<duckdb::IsNotNullFilter>()};
}

/// For EXPLAIN. The first hours that nanoseconds can hold have no text in DuckDB, which throws.
std::string TextOf(const duckdb::TableFilter& filter, const std::string& column) {
  try {
    return filter.ToString(column);
  } catch (const duckdb::ConversionException&) {
    return column + " with the first times";
  }
}

size_t CountFiles(const LakeScanInfo& info, const std::vector<uint32_t>& entries) {
  return static_cast<size_t>(
      std::count_if(entries.begin(), entries.end(), [&](uint32_t entry) { return info.IsFile(entry); }));
}

}  // namespace

LakeFileList::LakeFileList(duckdb::shared_ptr<LakeScanInfo> info) : info_(std::move(info)), entries_(AllEntries(*info_)) {}

LakeFileList::LakeFileList(duckdb::shared_ptr<LakeScanInfo> info, std::shared_ptr<const std::vector<uint32_t>> entries,
                           TimeOrder order, std::shared_ptr<const ScanFilters> running_filters)
    : info_(std::move(info)), entries_(std::move(entries)), order_(order), running_filters_(std::move(running_filters)) {}

void LakeFileList::SetOrder(TimeOrder order) {
  auto sorted = std::make_shared<std::vector<uint32_t>>(*entries_);
  const LakeScanInfo& info = *info_;
  if (order == TimeOrder::kAscending) {
    std::stable_sort(sorted->begin(), sorted->end(),
                     [&](uint32_t a, uint32_t b) { return info.MinTime(a) < info.MinTime(b); });
  } else if (order == TimeOrder::kDescending) {
    std::stable_sort(sorted->begin(), sorted->end(),
                     [&](uint32_t a, uint32_t b) { return info.MaxTime(a) > info.MaxTime(b); });
  }
  entries_ = std::move(sorted);
  order_ = order;
}

size_t LakeFileList::EntryIndexOf(const OpenFileInfo& file) {
  return file.extended_info->options.at(kEntryMark).GetValueUnsafe<uint64_t>();
}

bool LakeFileList::IsExcludedNow(size_t entry_index) const {
  return running_filters_ && !running_filters_->MayMatchEntry(*info_, entry_index);
}

bool LakeFileList::IsExcludedBeforeOpening(const OpenFileInfo& file) {
  const auto& options = file.extended_info->options;
  const auto mark = options.find(kListMark);
  if (mark == options.end()) return false;
  const auto* list = reinterpret_cast<const LakeFileList*>(mark->second.GetValueUnsafe<uint64_t>());
  list->WaitForFirstRows();
  return list->IsExcludedNow(EntryIndexOf(file));
}

void LakeFileList::WaitForFirstRows() const {
  {
    const std::lock_guard<std::mutex> guard(lock_);
    const bool is_first = first_opener_ == std::thread::id();
    if (is_first) first_opener_ = std::this_thread::get_id();
    else if (first_opener_ == std::this_thread::get_id()) first_is_read_ = true;
    if (is_first) return;
  }
  // DuckDB tells nobody when it sets the bound, so this looks. It never waits for long: what it saves is work, not a wrong
  // row.
  const auto deadline = std::chrono::steady_clock::now() + kFirstRowsWait;
  while (!first_is_read_ && running_filters_->AwaitsFirstRows() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(kLookAgain);
  }
}

std::vector<uint32_t> LakeFileList::handed_out() const {
  const std::lock_guard<std::mutex> guard(lock_);
  return handed_out_;
}

duckdb::unique_ptr<duckdb::MultiFileList> LakeFileList::ComplexFilterPushdown(
    duckdb::ClientContext& context, const duckdb::MultiFileOptions&, duckdb::MultiFilePushdownInfo& info,
    duckdb::vector<duckdb::unique_ptr<duckdb::Expression>>& filters) const {
  duckdb::FilterCombiner combiner(context);
  for (const auto& filter : filters) combiner.AddFilter(filter->Copy());
  duckdb::vector<duckdb::FilterPushdownResult> results;
  auto table_filters = combiner.GenerateTableScanFilters(info.column_indexes, results);

  ScanFilters scan_filters;
  std::string shown;
  const auto add = [&](duckdb::column_t column, duckdb::unique_ptr<duckdb::TableFilter> filter) {
    if (column < info_->names.size()) {
      if (!shown.empty()) shown += " AND ";
      shown += TextOf(*filter, info_->names[column]);
    }
    scan_filters.Add(column, std::move(filter));
  };
  for (auto& [column, filter] : table_filters.filters) add(column, std::move(filter));
  for (const auto& expression : filters) {
    auto [column, filter] = NullFilterOf(*expression, info);
    if (filter) add(column, std::move(filter));
  }
  if (scan_filters.empty()) return nullptr;
  auto kept = Prune(*info_, *entries_, scan_filters);
  // What EXPLAIN shows as "Scanning Files: kept/known".
  info.extra_info.file_filters = shown;
  info.extra_info.total_files = info_->file_count();
  info.extra_info.filtered_files = CountFiles(*info_, *kept);
  if (kept->size() == entries_->size()) return nullptr;
  return duckdb::make_uniq<LakeFileList>(info_, std::move(kept), order_, nullptr);
}

duckdb::unique_ptr<duckdb::MultiFileList> LakeFileList::DynamicFilterPushdown(
    duckdb::ClientContext&, const duckdb::MultiFileOptions&, const duckdb::vector<std::string>&,
    const duckdb::vector<duckdb::LogicalType>&, const duckdb::vector<duckdb::column_t>& column_ids,
    duckdb::TableFilterSet& filters) const {
  // A list of its own for every scan, also without filters: it holds the scan's position.
  auto scan_filters = std::make_shared<ScanFilters>();
  for (const auto& [position, filter] : filters.filters) scan_filters->Add(column_ids[position], filter->Copy());
  return duckdb::make_uniq<LakeFileList>(info_, entries_, order_, std::move(scan_filters));
}

OpenFileInfo LakeFileList::Describe(size_t entry_index) const {
  OpenFileInfo file;
  if (info_->IsFile(entry_index)) {
    file = MarkedFile(info_->File(entry_index), reads_.get());
  } else {
    file.path = kMemoryScheme + std::to_string(entry_index);
    file.extended_info = duckdb::make_shared_ptr<duckdb::ExtendedOpenFileInfo>();
  }
  file.extended_info->options.emplace(kEntryMark, duckdb::Value::UBIGINT(entry_index));
  return file;
}

OpenFileInfo LakeFileList::GetFile(duckdb::idx_t i) const {
  const std::lock_guard<std::mutex> guard(lock_);
  while (handed_out_.size() <= i && next_ < entries_->size()) {
    const uint32_t entry = (*entries_)[next_++];
    if (!IsExcludedNow(entry)) handed_out_.push_back(entry);
  }
  if (i >= handed_out_.size()) return {};
  OpenFileInfo file = Describe(handed_out_[i]);
  // The scan owns its list for longer than it opens files. What opens them is told of the file alone.
  const bool is_top_n_by_time = running_filters_ && order_ != TimeOrder::kAny;
  if (is_top_n_by_time)
    file.extended_info->options.emplace(kListMark, duckdb::Value::POINTER(reinterpret_cast<uintptr_t>(this)));
  return file;
}

duckdb::vector<OpenFileInfo> LakeFileList::GetAllFiles() const {
  duckdb::vector<OpenFileInfo> files;
  for (const uint32_t entry : *entries_) files.push_back(Describe(entry));
  return files;
}

duckdb::vector<OpenFileInfo> LakeFileList::GetDisplayFileList(duckdb::optional_idx max_files) const {
  duckdb::vector<OpenFileInfo> files;
  for (const uint32_t entry : *entries_) {
    if (max_files.IsValid() && files.size() >= max_files.GetIndex()) break;
    files.push_back(Describe(entry));
  }
  return files;
}

duckdb::FileExpandResult LakeFileList::GetExpandResult() const {
  // Never SINGLE_FILE: that would limit the threads to the row groups of a file that was opened to bind, and there is none.
  return entries_->empty() ? duckdb::FileExpandResult::NO_FILES : duckdb::FileExpandResult::MULTIPLE_FILES;
}

duckdb::unique_ptr<duckdb::NodeStatistics> LakeFileList::GetCardinality(duckdb::ClientContext&) const {
  int64_t rows = 0;
  for (const uint32_t entry : *entries_) rows += info_->Rows(entry);
  return duckdb::make_uniq<duckdb::NodeStatistics>(static_cast<duckdb::idx_t>(rows), static_cast<duckdb::idx_t>(rows));
}

duckdb::unique_ptr<duckdb::MultiFileList> LakeFileList::Copy() const {
  return duckdb::make_uniq<LakeFileList>(info_, entries_, order_, running_filters_);
}

}  // namespace gigapi
