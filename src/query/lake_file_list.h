// The files and buffered parts that one scan reads, in scan order: those that filters leave over. Nothing is opened to
// decide.
//
// Bound lists are pruned when the optimizer pushes filters down, and again when the scan starts and while it runs: a Top-N
// narrows its filter as it goes, so GetFile looks at the filters at the moment that a file is asked for.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "query/duckdb_headers.h"
#include "query/file_pruning.h"
#include "query/lake_scan.h"
#include "query/scan_reads.h"

namespace gigapi {

class LakeFileList final : public duckdb::MultiFileList {
 public:
  /// All entries of the table.
  explicit LakeFileList(duckdb::shared_ptr<LakeScanInfo> info);
  LakeFileList(duckdb::shared_ptr<LakeScanInfo> info, std::shared_ptr<const std::vector<uint32_t>> entries, TimeOrder order,
               std::shared_ptr<const ScanFilters> running_filters);

  const LakeScanInfo& info() const { return *info_; }
  /// Indices of entries in scan order.
  const std::vector<uint32_t>& entries() const { return *entries_; }
  /// The stable index of what GetFile handed out.
  static size_t EntryIndexOf(const duckdb::OpenFileInfo& file);
  /// Whether the filters of a running scan now exclude the entry.
  bool IsExcludedNow(size_t entry_index) const;
  /// The same, asked just before the entry is opened. While the first entry of a Top-N by time is read, the other threads of
  /// the scan wait here for the bound that it will give, for they would open files that it excludes.
  static bool IsExcludedBeforeOpening(const duckdb::OpenFileInfo& file);
  /// The entries that were handed out for reading so far.
  std::vector<uint32_t> handed_out() const;
  /// What was read of their files.
  const ScanReads& reads() const { return *reads_; }
  TimeOrder order() const { return order_; }
  void SetOrder(TimeOrder order);

  duckdb::unique_ptr<MultiFileList> ComplexFilterPushdown(
      duckdb::ClientContext& context, const duckdb::MultiFileOptions& options, duckdb::MultiFilePushdownInfo& info,
      duckdb::vector<duckdb::unique_ptr<duckdb::Expression>>& filters) const override;
  duckdb::unique_ptr<MultiFileList> DynamicFilterPushdown(duckdb::ClientContext& context,
                                                          const duckdb::MultiFileOptions& options,
                                                          const duckdb::vector<std::string>& names,
                                                          const duckdb::vector<duckdb::LogicalType>& types,
                                                          const duckdb::vector<duckdb::column_t>& column_ids,
                                                          duckdb::TableFilterSet& filters) const override;
  duckdb::vector<duckdb::OpenFileInfo> GetAllFiles() const override;
  duckdb::FileExpandResult GetExpandResult() const override;
  duckdb::idx_t GetTotalFileCount() const override { return entries_->size(); }
  duckdb::vector<duckdb::OpenFileInfo> GetDisplayFileList(duckdb::optional_idx max_files) const override;
  duckdb::unique_ptr<duckdb::NodeStatistics> GetCardinality(duckdb::ClientContext& context) const override;
  duckdb::unique_ptr<MultiFileList> Copy() const override;

 protected:
  duckdb::OpenFileInfo GetFile(duckdb::idx_t i) const override;

 private:
  duckdb::OpenFileInfo Describe(size_t entry_index) const;
  void WaitForFirstRows() const;

  const duckdb::shared_ptr<LakeScanInfo> info_;
  std::shared_ptr<const std::vector<uint32_t>> entries_;
  TimeOrder order_ = TimeOrder::kAny;
  const std::shared_ptr<const ScanFilters> running_filters_;  // null when bound
  const std::unique_ptr<ScanReads> reads_ = std::make_unique<ScanReads>();

  mutable std::mutex lock_;
  mutable std::vector<uint32_t> handed_out_;  // GetFile(i) gave handed_out_[i]
  mutable size_t next_ = 0;                   // into entries_
  mutable std::thread::id first_opener_;
  mutable std::atomic<bool> first_is_read_{false};  // its thread asks for more
};

}  // namespace gigapi
