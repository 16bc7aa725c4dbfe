#include "query/lake_multi_file_reader.h"

#include "query/lake_file_list.h"
#include "query/memory_reader.h"

namespace gigapi {

using duckdb::MultiFileColumnDefinition;

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
  if (!info_->IsFile(entry)) return duckdb::make_shared_ptr<MemoryReader>(file, info_, info_->Part(entry));
  return MultiFileReader::CreateReader(context, gstate, file, file_index, bind_data);
}

duckdb::ReaderInitializeType LakeMultiFileReader::InitializeReader(
    duckdb::MultiFileReaderData& reader_data, const duckdb::MultiFileBindData& bind_data,
    const duckdb::vector<MultiFileColumnDefinition>& global_columns,
    const duckdb::vector<duckdb::ColumnIndex>& global_column_ids,
    duckdb::optional_ptr<duckdb::TableFilterSet> table_filters, duckdb::ClientContext& context,
    duckdb::MultiFileGlobalState& gstate) {
  const size_t entry = LakeFileList::EntryIndexOf(reader_data.reader->file);
  if (gstate.file_list.Cast<LakeFileList>().IsExcludedNow(entry)) return duckdb::ReaderInitializeType::SKIP_READING_FILE;
  // DuckDB set the position in the list. Late materialisation finds rows again by this number in a list that is pruned and
  // ordered differently, so it must be the number that is the same in both.
  reader_data.reader->file_list_idx = entry;
  return MultiFileReader::InitializeReader(reader_data, bind_data, global_columns, global_column_ids, table_filters, context,
                                           gstate);
}

}  // namespace gigapi
