// Joins DuckDB's scan over many files with our lists: binds a table without opening a file, reads buffered parts beside
// files.
#pragma once

#include "query/duckdb_headers.h"
#include "query/lake_scan.h"

namespace gigapi {

class LakeMultiFileReader final : public duckdb::MultiFileReader {
 public:
  explicit LakeMultiFileReader(duckdb::shared_ptr<LakeScanInfo> info) : info_(std::move(info)) {}

  /// TableFunction::get_multi_file_reader; the function carries a LakeScanInfo.
  static duckdb::unique_ptr<MultiFileReader> Create(const duckdb::TableFunction& function);

  duckdb::shared_ptr<duckdb::MultiFileList> CreateFileList(duckdb::ClientContext& context,
                                                           const duckdb::vector<std::string>& paths,
                                                           const duckdb::FileGlobInput& glob) override;
  bool Bind(duckdb::MultiFileOptions& options, duckdb::MultiFileList& files,
            duckdb::vector<duckdb::LogicalType>& return_types, duckdb::vector<std::string>& names,
            duckdb::MultiFileReaderBindData& bind_data) override;
  void BindOptions(duckdb::MultiFileOptions&, duckdb::MultiFileList&, duckdb::vector<duckdb::LogicalType>&,
                   duckdb::vector<std::string>&, duckdb::MultiFileReaderBindData&) override {}
  duckdb::shared_ptr<duckdb::BaseFileReader> CreateReader(duckdb::ClientContext& context,
                                                          duckdb::GlobalTableFunctionState& gstate,
                                                          const duckdb::OpenFileInfo& file, duckdb::idx_t file_index,
                                                          const duckdb::MultiFileBindData& bind_data) override;
  duckdb::ReaderInitializeType InitializeReader(duckdb::MultiFileReaderData& reader_data,
                                                const duckdb::MultiFileBindData& bind_data,
                                                const duckdb::vector<duckdb::MultiFileColumnDefinition>& global_columns,
                                                const duckdb::vector<duckdb::ColumnIndex>& global_column_ids,
                                                duckdb::optional_ptr<duckdb::TableFilterSet> table_filters,
                                                duckdb::ClientContext& context,
                                                duckdb::MultiFileGlobalState& gstate) override;
  duckdb::unique_ptr<MultiFileReader> Copy() const override;

 private:
  const duckdb::shared_ptr<LakeScanInfo> info_;
};

}  // namespace gigapi
