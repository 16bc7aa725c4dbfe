// Turns buffered rows into committed Parquet files, gathers small chunks, removes replaced files. Owns the thread "flush".
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "catalog/catalog.h"
#include "lake/admission.h"
#include "lake/column_committer.h"
#include "lake/drop_log.h"
#include "lake/flush_planner.h"
#include "lake/lake.h"
#include "lake/lake_state.h"
#include "lake/partition_committer.h"
#include "lake/table_remover.h"
#include "wal/wal_writer.h"

namespace gigapi {

class Flusher {
 public:
  /// All must outlive the flusher; `wal` may be nullptr (rows then are not logged).
  Flusher(const LakeOptions& options, Catalog* catalog, PartitionCommitter* committer, ColumnCommitter* columns,
          LakeState* state, Admission* admission, DropLog* drops, TableRemover* remover, wal::WalWriter* wal);
  ~Flusher();

  void Start();
  /// Ends the thread; a flush that is running is finished.
  void Stop();
  /// There is something to flush before the next look around.
  void Wake();

  /// Flushes all that is buffered in the partition now. Any thread.
  Status Flush(Partition* partition);
  Status FlushInTurn(Partition* partition);
  /// Flushes all that is buffered now in the lake. Any thread.
  Status FlushAll();

  /// Flushes the partitions with the most rows until what is buffered in the lake takes at most so many bytes. Any thread.
  Status ShrinkTo(int64_t buffered_bytes);

  /// Lets go of the log up to what no partition needs any more.
  void ReleaseLog();

  std::atomic<int64_t> flushes{0};
  std::atomic<int64_t> failures{0};
  std::atomic<int64_t> flushed_rows{0};
  std::atomic<int64_t> flushed_bytes{0};

 private:
  void Run();
  void LookAround();
  std::vector<std::shared_ptr<Partition>> Plan();
  std::vector<std::shared_ptr<Partition>> Plan(const FlushPolicy& policy);
  Status FlushConcurrently(const std::vector<std::shared_ptr<Partition>>& partitions);
  struct Batch;
  Result<DataFile> WriteFile(Partition* partition, const Batch& batch, const TableSchema& schema);
  Result<bool> FlushOnce(Partition* partition);
  Status WriteAndCommit(Partition* partition, const Batch& batch);
  void Failed(Partition* partition, const Status& reason);
  void CommitColumns();
  void GatherSmallChunks(Partition* partition);
  void RemoveDroppedFiles();
  void TidyDropQueues();

  const LakeOptions& options_;
  Catalog* const catalog_;
  PartitionCommitter* const committer_;
  ColumnCommitter* const columns_;
  LakeState* const state_;
  Admission* const admission_;
  DropLog* const drops_;
  TableRemover* const remover_;
  wal::WalWriter* const wal_;

  std::mutex wake_mutex_;
  std::condition_variable wake_;
  bool woken_ = false;
  bool stopping_ = false;
  std::jthread thread_;
};

}  // namespace gigapi
