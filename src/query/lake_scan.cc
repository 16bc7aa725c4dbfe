#include "query/lake_scan.h"

#include <algorithm>

#include "query/lake_file_list.h"
#include "query/lake_multi_file_reader.h"

namespace gigapi {
namespace {

using duckdb::BaseStatistics;
using duckdb::ClientContext;
using duckdb::column_t;
using duckdb::FunctionData;
using duckdb::LogicalType;
using duckdb::optional_ptr;
using duckdb::Value;

// Merging the statistics of a column over more entries than this costs more than a plan gains.
constexpr size_t kMergedEntriesMax = 4096;

LakeFileList& ListOf(const FunctionData& bind_data) {
  return bind_data.Cast<duckdb::MultiFileBindData>().file_list->Cast<LakeFileList>();
}

Value ToValue(const StatValue& stat, const LogicalType& type) {
  const auto number = [&](auto value) -> Value {
    switch (type.id()) {
      case duckdb::LogicalTypeId::TIMESTAMP_NS:
        return Value::TIMESTAMPNS(duckdb::timestamp_ns_t(static_cast<int64_t>(value)));
      case duckdb::LogicalTypeId::BIGINT: return Value::BIGINT(static_cast<int64_t>(value));
      case duckdb::LogicalTypeId::UBIGINT: return Value::UBIGINT(static_cast<uint64_t>(value));
      default: return Value(type);
    }
  };
  if (const auto* i = std::get_if<int64_t>(&stat)) return number(*i);
  if (const auto* u = std::get_if<uint64_t>(&stat)) return number(*u);
  return Value(type);
}

ValueRange RangeInEntry(const LakeScanInfo& info, size_t entry, column_t column) {
  if (column == 0) return TimeRange(info.MinTime(entry), info.MaxTime(entry));
  if (!info.IsFile(entry)) return {};
  return RangeOf(info.File(entry), (*info.table->schema)[column - 1]);
}

/// The range of a column of type T over all entries; unknown as soon as one entry's is.
template <typename T>
ValueRange MergedRange(const LakeFileList& list, column_t column) {
  ValueRange merged;
  merged.known = true;
  merged.has_null = merged.has_value = false;
  for (const uint32_t entry : list.entries()) {
    const ValueRange range = RangeInEntry(list.info(), entry, column);
    if (!range.known) return {};
    merged.has_null |= range.has_null;
    if (!range.has_value) continue;
    const auto* min = std::get_if<T>(&range.min);
    const auto* max = std::get_if<T>(&range.max);
    if (min == nullptr || max == nullptr) return {};
    merged.min = merged.has_value ? std::min(*min, std::get<T>(merged.min)) : *min;
    merged.max = merged.has_value ? std::max(*max, std::get<T>(merged.max)) : *max;
    merged.has_value = true;
  }
  return merged;
}

/// Statistics of a column over the files and parts of a list: bounds for integers and time. nullptr: nothing is known.
duckdb::unique_ptr<BaseStatistics> MergedStatistics(const LakeFileList& list, column_t column) {
  const LakeScanInfo& info = list.info();
  if (duckdb::IsVirtualColumn(column) || column >= info.types.size()) return nullptr;
  const LogicalType& type = info.types[column];
  if (column != 0 && list.entries().size() > kMergedEntriesMax) return nullptr;
  ValueRange range;
  switch (type.id()) {
    case duckdb::LogicalTypeId::TIMESTAMP_NS:
    case duckdb::LogicalTypeId::BIGINT: range = MergedRange<int64_t>(list, column); break;
    case duckdb::LogicalTypeId::UBIGINT: range = MergedRange<uint64_t>(list, column); break;
    default: return nullptr;
  }
  if (!range.known || !range.has_value) return nullptr;
  auto statistics = duckdb::NumericStats::CreateEmpty(type);
  duckdb::NumericStats::SetMin(statistics, ToValue(range.min, type));
  duckdb::NumericStats::SetMax(statistics, ToValue(range.max, type));
  statistics.Set(duckdb::StatsInfo::CAN_HAVE_VALID_VALUES);
  if (range.has_null) statistics.Set(duckdb::StatsInfo::CAN_HAVE_NULL_VALUES);
  return statistics.ToUnique();
}

duckdb::unique_ptr<BaseStatistics> LakeStatistics(ClientContext&, const FunctionData* bind_data, column_t column) {
  return MergedStatistics(ListOf(*bind_data), column);
}

/// All that a list reads, as one partition: DuckDB answers count(*) and min/max of it without a scan. One and not one for
/// each file: with several, DuckDB takes whole partitions off an OFFSET, counting on a scan order that it does not then get.
class LakePartition final : public duckdb::PartitionRowGroup {
 public:
  explicit LakePartition(const LakeFileList& list) : list_(list) {}

  duckdb::unique_ptr<BaseStatistics> GetColumnStatistics(const duckdb::StorageIndex& index) override {
    if (index.HasChildren()) return nullptr;
    return MergedStatistics(list_, index.GetPrimaryIndex());
  }
  // The catalog's bounds of time and of integers are values that occur (storage/data_file.h).
  bool MinMaxIsExact(const BaseStatistics&, const duckdb::StorageIndex&) override { return true; }

 private:
  const LakeFileList& list_;
};

duckdb::vector<duckdb::PartitionStatistics> LakePartitionStatistics(ClientContext&, duckdb::GetPartitionStatsInput& input) {
  const LakeFileList& list = ListOf(*input.bind_data);
  duckdb::vector<duckdb::PartitionStatistics> result(1);
  int64_t rows = 0;
  for (const uint32_t entry : list.entries()) rows += list.info().Rows(entry);
  result[0].row_start = 0;
  result[0].count = static_cast<duckdb::idx_t>(rows);
  result[0].count_type = duckdb::CountType::COUNT_EXACT;
  result[0].partition_row_group = duckdb::make_shared_ptr<LakePartition>(list);
  return result;
}

/// ORDER BY time LIMIT n: the growing filter of the Top-N then skips the files that come last, unopened.
void SetLakeScanOrder(duckdb::unique_ptr<duckdb::RowGroupOrderOptions> order, optional_ptr<FunctionData> bind_data) {
  if (order->column_idx.GetPrimaryIndex() != 0) return;
  const bool ascending = order->order_by == duckdb::OrderByStatistics::MIN;
  ListOf(*bind_data).SetOrder(ascending ? TimeOrder::kAscending : TimeOrder::kDescending);
}

duckdb::BindInfo LakeBindInfo(const optional_ptr<FunctionData> bind_data) {
  return duckdb::BindInfo(ListOf(*bind_data).info().entry);
}

duckdb::virtual_column_map_t LakeVirtualColumnsOf(ClientContext&, optional_ptr<FunctionData> bind_data) {
  auto columns = LakeVirtualColumns();
  bind_data->Cast<duckdb::MultiFileBindData>().virtual_columns = columns;
  return columns;
}

duckdb::vector<column_t> LakeRowIdColumns(ClientContext&, optional_ptr<FunctionData>) {
  return {duckdb::MultiFileReader::COLUMN_IDENTIFIER_FILE_INDEX, duckdb::MultiFileReader::COLUMN_IDENTIFIER_FILE_ROW_NUMBER};
}

duckdb::InsertionOrderPreservingMap<std::string> LakeScanToString(duckdb::TableFunctionToStringInput& input) {
  duckdb::InsertionOrderPreservingMap<std::string> result;
  const LakeFileList& list = ListOf(*input.bind_data);
  const LakeScanInfo& info = list.info();
  size_t files = 0;
  for (const uint32_t entry : list.entries()) files += info.IsFile(entry) ? 1 : 0;
  result["Table"] = info.table->database + "." + info.table->table;
  result["Files"] = std::to_string(files) + "/" + std::to_string(info.file_count());
  const size_t parts = list.entries().size() - files;
  if (!info.table->memory.empty()) {
    result["Buffered Parts"] = std::to_string(parts) + "/" + std::to_string(info.table->memory.size());
  }
  return result;
}

/// What EXPLAIN ANALYZE adds.
duckdb::InsertionOrderPreservingMap<std::string> LakeScanToDynamicString(duckdb::TableFunctionDynamicToStringInput& input) {
  duckdb::InsertionOrderPreservingMap<std::string> result;
  if (!input.global_state) return result;
  const auto& list = input.global_state->Cast<duckdb::MultiFileGlobalState>().file_list.Cast<LakeFileList>();
  const std::vector<uint32_t> read = list.handed_out();
  result["Read"] = std::to_string(read.size()) + "/" + std::to_string(list.entries().size());
  const LakeScanInfo& info = list.info();
  const auto is_file = [&](uint32_t entry) { return info.IsFile(entry); };
  const auto is_in_store = [&](uint32_t entry) {
    return info.IsFile(entry) && !info.File(entry).layer->local_directory().has_value();
  };
  if (std::none_of(read.begin(), read.end(), is_in_store)) return result;
  const ReadCounters& counters = *list.reads().counters();
  const auto files = static_cast<size_t>(std::count_if(read.begin(), read.end(), is_file));
  // A file that is excluded at the last moment is not opened either.
  result["Files Opened"] = std::to_string(list.reads().files_opened()) + "/" + std::to_string(files);
  result["Store Requests"] = std::to_string(counters.requests);
  result["Bytes Fetched"] = std::to_string(counters.fetched_bytes);
  result["Bytes from Memory Cache"] = std::to_string(counters.memory_bytes);
  result["Bytes from Disk Cache"] = std::to_string(counters.disk_bytes);
  return result;
}

}  // namespace

LogicalType LogicalTypeOf(ColumnType type) {
  switch (type) {
    case ColumnType::kFloat64: return LogicalType::DOUBLE;
    case ColumnType::kInt64: return LogicalType::BIGINT;
    case ColumnType::kUInt64: return LogicalType::UBIGINT;
    case ColumnType::kBool: return LogicalType::BOOLEAN;
    case ColumnType::kTag:
    case ColumnType::kString: return LogicalType::VARCHAR;
  }
  return LogicalType::VARCHAR;
}

namespace {

std::vector<const DataFile*> PointersTo(const FileList& files) {
  std::vector<const DataFile*> pointers;
  pointers.reserve(files.size());
  for (const DataFilePtr& file : files) pointers.push_back(file.get());
  return pointers;
}

}  // namespace

LakeScanInfo::LakeScanInfo(TableSnapshotPtr table_snapshot, duckdb::TableCatalogEntry& table_entry)
    : table(std::move(table_snapshot)), entry(table_entry), files(PointersTo(table->files)) {
  names.emplace_back(kTimeColumn);
  types.push_back(LogicalType::TIMESTAMP_NS);
  for (const ColumnSchema& column : table->schema->columns()) {
    names.push_back(column.name);
    types.push_back(LogicalTypeOf(column.type));
  }
}

duckdb::virtual_column_map_t LakeVirtualColumns() {
  using duckdb::MultiFileReader;
  using duckdb::TableColumn;
  duckdb::virtual_column_map_t columns;
  // They are for the optimizer: names that nobody writes keep them out of SQL.
  columns.emplace(MultiFileReader::COLUMN_IDENTIFIER_FILE_INDEX, TableColumn("\037file_index", LogicalType::UBIGINT));
  columns.emplace(MultiFileReader::COLUMN_IDENTIFIER_FILE_ROW_NUMBER,
                  TableColumn("\037file_row_number", LogicalType::BIGINT));
  columns.emplace(duckdb::COLUMN_IDENTIFIER_EMPTY, TableColumn("", LogicalType::BOOLEAN));
  return columns;
}

duckdb::TableFunction BindLakeScan(ClientContext& context, duckdb::shared_ptr<LakeScanInfo> info,
                                   duckdb::unique_ptr<FunctionData>& bind_data) {
  auto& system = duckdb::Catalog::GetSystemCatalog(context);
  auto& parquet_scan = system.GetEntry<duckdb::TableFunctionCatalogEntry>(context, DEFAULT_SCHEMA, "parquet_scan");
  duckdb::TableFunction function = parquet_scan.functions.GetFunctionByOffset(0);
  function.name = "lake_scan";
  function.function_info = info;
  function.get_multi_file_reader = LakeMultiFileReader::Create;
  function.statistics = LakeStatistics;
  function.get_partition_stats = LakePartitionStatistics;
  function.set_scan_order = SetLakeScanOrder;
  function.get_bind_info = LakeBindInfo;
  function.get_virtual_columns = LakeVirtualColumnsOf;
  function.get_row_id_columns = LakeRowIdColumns;
  function.to_string = LakeScanToString;
  function.dynamic_to_string = LakeScanToDynamicString;
  function.serialize = nullptr;
  function.deserialize = nullptr;
  function.verify_serialization = false;

  duckdb::vector<Value> inputs{Value("")};
  duckdb::named_parameter_map_t parameters;
  // A NaN, which SQL sorts above all numbers, is outside the bounds that Parquet's row groups have.
  parameters["can_have_nan"] = Value::BOOLEAN(true);
  duckdb::vector<LogicalType> input_types;
  duckdb::vector<std::string> input_names;
  const duckdb::TableFunctionRef no_ref;
  duckdb::TableFunctionBindInput input(inputs, parameters, input_types, input_names, function.function_info.get(), nullptr,
                                       function, no_ref);
  duckdb::vector<LogicalType> types;
  duckdb::vector<std::string> names;
  bind_data = function.bind(context, input, types, names);
  bind_data->Cast<duckdb::MultiFileBindData>().virtual_columns = LakeVirtualColumns();
  return function;
}

}  // namespace gigapi
