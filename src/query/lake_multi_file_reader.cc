#include "query/lake_multi_file_reader.h"

#include <duckdb/planner/filter/expression_filter.hpp>

#include "query/lake_file_list.h"
#include "query/memory_reader.h"

namespace gigapi {

using duckdb::MultiFileColumnDefinition;

namespace {

duckdb::optional_ptr<const MultiFileColumnDefinition> FindColumn(const duckdb::vector<MultiFileColumnDefinition>& columns,
                                                                 const std::string& name) {
  for (const auto& column : columns) {
    if (duckdb::StringUtil::CIEquals(column.name, name)) return &column;
  }
  return nullptr;
}

/// The filter, in a form that DuckDB cannot turn into one on another type.
duckdb::unique_ptr<duckdb::TableFilter> WithoutConversion(const duckdb::TableFilter& filter) {
  auto pinned = duckdb::make_uniq<duckdb::ConjunctionAndFilter>();
  pinned->child_filters.push_back(filter.Copy());
  pinned->child_filters.push_back(duckdb::make_uniq<duckdb::ExpressionFilter>(
      duckdb::make_uniq<duckdb::BoundConstantExpression>(duckdb::Value::BOOLEAN(true))));
  return pinned;
}

/// A file may hold a column as it was before it was widened. DuckDB would convert the filter's constant to the file's type,
/// and round it: value > 2.5 on integers would become value > 3. So such filters are kept from it, and then look at the
/// column's values after their conversion. nullptr: no column differs.
duckdb::unique_ptr<duckdb::TableFilterSet> FiltersOnTableTypes(
    const duckdb::BaseFileReader& reader, const duckdb::vector<MultiFileColumnDefinition>& table_columns,
    const duckdb::vector<duckdb::ColumnIndex>& column_ids, const duckdb::TableFilterSet& filters) {
  auto adapted = duckdb::make_uniq<duckdb::TableFilterSet>();
  bool any_differs = false;
  for (const auto& [position, filter] : filters.filters) {
    const auto column = column_ids[position].GetPrimaryIndex();
    bool differs = false;
    if (!duckdb::IsVirtualColumn(column)) {
      const auto in_file = FindColumn(reader.columns, table_columns[column].name);
      differs = in_file && in_file->type != table_columns[column].type;
    }
    any_differs |= differs;
    adapted->filters.emplace(position, differs ? WithoutConversion(*filter) : filter->Copy());
  }
  return any_differs ? std::move(adapted) : nullptr;
}

}  // namespace

duckdb::unique_ptr<duckdb::MultiFileReader> LakeMultiFileReader::Create(const duckdb::TableFunction& function) {
  auto info = duckdb::shared_ptr_cast<duckdb::TableFunctionInfo, LakeScanInfo>(function.function_info);
  return duckdb::make_uniq<LakeMultiFileReader>(std::move(info));
}

duckdb::unique_ptr<duckdb::MultiFileReader> LakeMultiFileReader::Copy() const {
  return duckdb::make_uniq<LakeMultiFileReader>(info_);
}

duckdb::shared_ptr<duckdb::MultiFileList> LakeMultiFileReader::CreateFileList(duckdb::ClientContext&,
                                                                              const duckdb::vector<std::string>&,
                                                                              const duckdb::FileGlobInput&) {
  return duckdb::make_shared_ptr<LakeFileList>(info_);
}

bool LakeMultiFileReader::Bind(duckdb::MultiFileOptions&, duckdb::MultiFileList&,
                               duckdb::vector<duckdb::LogicalType>& return_types, duckdb::vector<std::string>& names,
                               duckdb::MultiFileReaderBindData& bind_data) {
  names = info_->names;
  return_types = info_->types;
  for (size_t i = 0; i < names.size(); ++i) {
    MultiFileColumnDefinition column(names[i], return_types[i]);
    // What rows of a file without this column get.
    column.default_expression = duckdb::make_uniq<duckdb::ConstantExpression>(duckdb::Value(return_types[i]));
    column.identifier = duckdb::Value(names[i]);
    bind_data.schema.push_back(std::move(column));
  }
  bind_data.mapping = duckdb::MultiFileColumnMappingMode::BY_NAME;
  return true;
}

duckdb::shared_ptr<duckdb::BaseFileReader> LakeMultiFileReader::CreateReader(duckdb::ClientContext& context,
                                                                             duckdb::GlobalTableFunctionState& gstate,
                                                                             const duckdb::OpenFileInfo& file,
                                                                             duckdb::idx_t file_index,
                                                                             const duckdb::MultiFileBindData& bind_data) {
  const size_t entry = LakeFileList::EntryIndexOf(file);
  if (LakeFileList::IsExcludedBeforeOpening(file)) {
    // Parquet's reader would open the file. InitializeReader skips this one.
    return duckdb::make_shared_ptr<MemoryReader>(file, info_, std::make_shared<const MemoryPart>(), TimeOrder::kAny);
  }
  if (!info_->IsFile(entry)) {
    const TimeOrder order = bind_data.file_list->Cast<LakeFileList>().order();
    return duckdb::make_shared_ptr<MemoryReader>(file, info_, info_->Part(entry), order);
  }
  return MultiFileReader::CreateReader(context, gstate, file, file_index, bind_data);
}

duckdb::ReaderInitializeType LakeMultiFileReader::InitializeReader(
    duckdb::MultiFileReaderData& reader_data, const duckdb::MultiFileBindData& bind_data,
    const duckdb::vector<MultiFileColumnDefinition>& global_columns,
    const duckdb::vector<duckdb::ColumnIndex>& global_column_ids, duckdb::optional_ptr<duckdb::TableFilterSet> table_filters,
    duckdb::ClientContext& context, duckdb::MultiFileGlobalState& gstate) {
  const size_t entry = LakeFileList::EntryIndexOf(reader_data.reader->file);
  if (gstate.file_list.Cast<LakeFileList>().IsExcludedNow(entry)) return duckdb::ReaderInitializeType::SKIP_READING_FILE;
  // DuckDB set the position in the list. Late materialisation finds rows again by this number in a list that is pruned and
  // ordered differently, so it must be the number that is the same in both.
  reader_data.reader->file_list_idx = entry;
  duckdb::unique_ptr<duckdb::TableFilterSet> adapted;
  if (table_filters) adapted = FiltersOnTableTypes(*reader_data.reader, global_columns, global_column_ids, *table_filters);
  if (adapted) table_filters = adapted.get();
  return MultiFileReader::InitializeReader(reader_data, bind_data, global_columns, global_column_ids, table_filters, context,
                                           gstate);
}

}  // namespace gigapi
