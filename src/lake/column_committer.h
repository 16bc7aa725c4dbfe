// Brings tables and columns into the catalog: the one place that does.
//
// Where nodes share the catalog that happens before the first row that has them is acknowledged: so no two nodes can make
// one column with two types, and a node that reads knows the columns of rows which lie with another one. Writes that need a
// column wait for the thread "columns", which this owns; all others pass by. Elsewhere the first flush does it.
//
// Thread-safe. Callbacks run on the thread, or on the caller's when it cannot wait; without a lock held.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "catalog/catalog.h"
#include "lake/lake_state.h"
#include "lake/table_remover.h"

namespace gigapi {

class ColumnCommitter {
 public:
  /// All must outlive it. A write waits at most so long.
  ColumnCommitter(Catalog* catalog, LakeState* state, TableRemover* remover, int64_t wait_ms_max)
      : catalog_(catalog), state_(state), remover_(remover), wait_ns_max_(wait_ms_max * 1'000'000) {}
  ~ColumnCommitter() { Stop(); }

  void Start();
  /// Fails what still waits.
  void Stop();

  using Done = std::function<void(Status)>;
  /// Calls back with OK when the catalog and the state have the columns, or some of them: look again. kConflict: another
  /// node has made one with another type, which the state knows by now. kUnavailable: the catalog cannot be reached.
  void Commit(std::vector<TableGrowth> growth, Done done);

  /// Makes sure that the catalog has the table and these columns; answers them and those that other nodes have added.
  /// Blocks.
  Result<SchemaPtr> CommitNow(Table* table, SchemaPtr schema);
  /// The same of a catalog that may have lost what is known to have been committed. kConflict when the table was dropped.
  Result<SchemaPtr> CommitAgain(Table* table, const SchemaPtr& schema);

  /// Gives up the waiting of those that have waited too long; the catalog goes on being asked.
  void Expire(int64_t now_ns);

 private:
  struct Waiting {
    std::vector<TableGrowth> growth;
    Done done;
    int64_t deadline_ns = 0;
  };
  void Run();
  Status CommitGrowth(const TableGrowth& growth);
  Result<SchemaPtr> CommitLocked(Table* table, const SchemaPtr& schema);

  Catalog* const catalog_;
  LakeState* const state_;
  TableRemover* const remover_;
  const int64_t wait_ns_max_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::map<uint64_t, Waiting> waiting_;  // by the order in which they came
  uint64_t next_id_ = 0;
  bool stopping_ = false;
  std::jthread thread_;
};

}  // namespace gigapi
