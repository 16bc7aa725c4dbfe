// Changes which files a partition has: in the catalog, and once that is done in the state, in one step for snapshots. The
// one place that does. Where other nodes commit too, a change that met another one is made again upon what is there then.
//
// Thread-safe. Wants neither commit_mutex nor the lock of the state to be held.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "lake/admission.h"
#include "lake/lake_state.h"

namespace gigapi {

/// What is to become of a partition.
struct PartitionEdit {
  std::vector<DataFilePtr> files;         // as they are, by min_time; the edit makes of them what shall be
  std::vector<DataFilePtr> dropped;       // of those, what is to be removed when nobody reads it any more
  uint64_t flushed_sequence = 0;          // all rows of this node's records up to here are in the files
  WalSequences wal_sequences;             // the same of every node; what is said above counts for this one
  std::optional<MaintenanceLease> lease;  // who may replace files
};

class PartitionCommitter {
 public:
  /// All must outlive it. `node` is what this process's sequences are kept under; nothing is committed while `may_commit`
  /// answers an error, nor to a partition that has fallen back before `keep_fall` has answered OK.
  PartitionCommitter(Catalog* catalog, LakeState* state, Admission* admission, std::string node, int64_t drop_delay_ms,
                     std::function<Status()> may_commit, std::function<Status()> keep_fall)
      : catalog_(catalog),
        state_(state),
        admission_(admission),
        node_(std::move(node)),
        drop_delay_ms_(drop_delay_ms),
        may_commit_(std::move(may_commit)),
        keep_fall_(std::move(keep_fall)) {}

  /// Called with what the partition has, once for each attempt; a failure ends it.
  using MakeEdit = std::function<Status(PartitionEdit*)>;
  /// Called with the lock of the state held, when the change is made.
  using OnCommitted = std::function<void()>;

  /// Rows that are in files then leave the buffer. kConflict when the table was dropped; else the failure of the edit or of
  /// the catalog. When it is not known whether the catalog has the change, the next commit of the partition finds out before
  /// it begins.
  Status Commit(Partition* partition, const MakeEdit& make_edit, const OnCommitted& on_committed);

  /// A file was written that is not to be in the partition after all, or may have been: it goes, unless the catalog names
  /// it. Others that share the catalog may list what they find in the layers, so there it goes as a replaced file does,
  /// after a while; when the catalog does not answer it stays.
  void GiveUp(Partition* partition, const DataFilePtr& file);

  const std::string& node() const { return node_; }

  /// Takes over what other nodes have made of the partition.
  Status Refresh(Partition* partition);
  /// The same, unless the partition is known to be of that version. Answers whether the table has all columns of its files.
  Result<bool> RefreshUnless(Partition* partition, const std::string& version);

  /// What this node's rows are known to be flushed up to.
  uint64_t FlushedSequence(const PartitionMetadata& metadata) const;

 private:
  Status RefreshLocked(Partition* partition);
  int64_t TakeOver(LoadedPartition loaded, Partition* partition);
  static int64_t RemoveFlushed(Partition* partition);
  PartitionMetadata MetadataOf(const Partition& partition, const PartitionEdit& edit) const;

  Catalog* const catalog_;
  LakeState* const state_;
  Admission* const admission_;
  const std::string node_;
  const int64_t drop_delay_ms_;
  const std::function<Status()> may_commit_;
  const std::function<Status()> keep_fall_;
};

}  // namespace gigapi
