// How a table of the lake is read: DuckDB's own parquet_scan, bound over the files and the buffered rows of one snapshot.
//
// Every file and every buffered part of the table has an index that is stable within the snapshot: files first, then parts.
#pragma once

#include <memory>

#include "lake/snapshot.h"
#include "query/duckdb_headers.h"

namespace gigapi {

/// In which order a scan should meet the rows: ORDER BY time LIMIT n is done early when the wanted end comes first.
enum class TimeOrder {
  kAny,
  kAscending,
  kDescending
};

/// What one scan reads. Immutable; keeps the snapshot's files from being deleted.
struct LakeScanInfo : public duckdb::TableFunctionInfo {
  LakeScanInfo(TableSnapshotPtr table, duckdb::TableCatalogEntry& entry);

  const TableSnapshotPtr table;
  duckdb::TableCatalogEntry& entry;
  const std::vector<const DataFile*> files;  // the table's, by their indexes
  duckdb::vector<std::string> names;         // time, then the schema's columns
  duckdb::vector<duckdb::LogicalType> types;

  size_t file_count() const { return files.size(); }
  size_t entry_count() const { return files.size() + table->memory.size(); }
  bool IsFile(size_t entry_index) const { return entry_index < files.size(); }
  const DataFile& File(size_t entry_index) const { return *files[entry_index]; }
  const MemoryPartPtr& Part(size_t entry_index) const { return table->memory[entry_index - files.size()]; }
  int64_t Rows(size_t entry_index) const { return IsFile(entry_index) ? File(entry_index).rows : Part(entry_index)->rows; }
  int64_t MinTime(size_t entry_index) const {
    return IsFile(entry_index) ? File(entry_index).min_time : Part(entry_index)->min_time;
  }
  int64_t MaxTime(size_t entry_index) const {
    return IsFile(entry_index) ? File(entry_index).max_time : Part(entry_index)->max_time;
  }
};

duckdb::LogicalType LogicalTypeOf(ColumnType type);

/// The columns besides the table's own: what finds a row again (late materialisation), and the empty column of count(*).
duckdb::virtual_column_map_t LakeVirtualColumns();

/// The function that scans `info`, and its bind data.
duckdb::TableFunction BindLakeScan(duckdb::ClientContext& context, duckdb::shared_ptr<LakeScanInfo> info,
                                   duckdb::unique_ptr<duckdb::FunctionData>& bind_data);

}  // namespace gigapi
