// Reads the buffered rows of one partition as if they were a file. Values are not copied: vectors point into the chunks,
// which the snapshot of the transaction keeps.
#pragma once

#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "query/duckdb_headers.h"
#include "query/lake_scan.h"

namespace gigapi {

class MemoryReader final : public duckdb::BaseFileReader {
 public:
  MemoryReader(duckdb::OpenFileInfo file, duckdb::shared_ptr<LakeScanInfo> info, MemoryPartPtr part, TimeOrder order);
  ~MemoryReader() override;

  // Called under the lock of the scan: hands out the next run of rows.
  bool TryInitializeScan(duckdb::ClientContext& context, duckdb::GlobalTableFunctionState& gstate,
                         duckdb::LocalTableFunctionState& lstate) override;
  duckdb::AsyncResult Scan(duckdb::ClientContext& context, duckdb::GlobalTableFunctionState& gstate,
                           duckdb::LocalTableFunctionState& lstate, duckdb::DataChunk& chunk) override;
  void AddVirtualColumn(duckdb::column_t column) override;
  double GetProgressInFile(duckdb::ClientContext& context) override;
  std::string GetReaderType() const override { return "Buffer"; }

 private:
  struct Run;

  duckdb::unique_ptr<Run> NextRun(duckdb::ClientContext& context);
  /// Whether rows of the next chunk may pass the filters, from the ranges of its times and row numbers.
  bool NextChunkMayMatch() const;
  /// What is read at a position of the output: a position in `columns`.
  size_t ColumnAt(size_t position) const { return column_indexes[position].GetPrimaryIndex(); }
  void ReadColumn(Run* run, size_t position, size_t count, duckdb::Vector* out);
  void ReadRowNumbers(const Run& run, size_t count, duckdb::Vector* out);

  const duckdb::shared_ptr<LakeScanInfo> info_;
  const MemoryPartPtr part_;
  size_t row_number_column_ = SIZE_MAX;  // position in `columns`

  std::mutex lock_;
  struct Chunk {
    const ColumnBatch* rows;
    int64_t first_row_number;  // of its row 0, in the part
  };
  std::vector<Chunk> chunks_;  // in scan order
  size_t next_chunk_ = 0;      // into chunks_
  size_t next_row_ = 0;        // in that chunk
  // The local state of a thread is Parquet's own and has no room for ours: its address is the key.
  std::unordered_map<duckdb::LocalTableFunctionState*, duckdb::unique_ptr<Run>> runs_;
};

}  // namespace gigapi
