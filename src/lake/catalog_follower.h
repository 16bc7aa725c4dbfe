// Keeps a lake's state as the shared catalog has it while other nodes change it. Owns the thread "follow", which asks the
// feed what changed and reads just that again; where the feed cannot tell, it lists everything and reads what has another
// version.
//
// Thread-safe.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "catalog/catalog.h"
#include "catalog/catalog_key.h"
#include "cluster/membership.h"
#include "lake/catalog_position.h"
#include "lake/lake_state.h"
#include "lake/partition_committer.h"
#include "object_store/change_feed.h"

namespace gigapi {

class CatalogFollower {
 public:
  /// All must outlive it. `membership`, which may be nullptr, is told when nodes come and go; `position`, which may be too,
  /// how far the catalog is known and when it fell back.
  CatalogFollower(Catalog* catalog, ChangeFeed* feed, LakeState* state, PartitionCommitter* committer,
                  Membership* membership, CatalogPosition* position)
      : catalog_(catalog), feed_(feed), state_(state), committer_(committer), membership_(membership), position_(position) {}
  ~CatalogFollower() { Stop(); }

  /// Before the catalog is read for the first time: what changes from now on will be told.
  Status Begin();
  void Start();
  /// What LakeImpl's readers ask for out of turn. Blocks.
  Status TakeOverTable(const std::string& database, const std::string& table);
  /// Lists everything and reads what has another version than is known: what the feed has not told yet, too. Blocks.
  Status TakeOverEverything();
  /// Since the feed was last read to its end.
  int64_t LagNs() const { return SteadyNanos() - caught_up_ns_; }
  void Stop();

  /// Changes that were taken over, and failures.
  std::atomic<int64_t> changes{0};
  std::atomic<int64_t> failures{0};

 private:
  struct ListedTable {
    std::string version;
    int64_t columns = -1;  // that it had
  };

  void Run();
  Status TakeOverChanges();
  Status CheckGoesOn() const;
  Status TakeOverDatabase(const std::string& database);
  Status TakeOverListed(const CatalogEntry& entry);
  Status ForgetOtherTables(const std::vector<CatalogEntry>& listed);
  Status ForgetOthers(const std::vector<std::shared_ptr<Partition>>& listed);
  int64_t CommittedColumns(const CatalogKey& table) const;
  Status TakeOver(const CatalogKey& key, const std::string& version);
  Status TakeOverPartition(const std::string& database, const std::string& table, PartitionKey key,
                           const std::string& version);
  Result<std::shared_ptr<Partition>> EnsurePartition(const std::string& database, const std::string& table,
                                                     PartitionKey key);

  Catalog* const catalog_;
  ChangeFeed* const feed_;
  LakeState* const state_;
  PartitionCommitter* const committer_;
  Membership* const membership_;
  CatalogPosition* const position_;
  std::string cursor_;
  std::mutex everything_mutex_;                       // one at a time; guards what follows
  std::map<std::string, ListedTable> listed_tables_;  // by path, as TakeOverEverything last met them
  std::atomic<int64_t> caught_up_ns_ = SteadyNanos();
  std::atomic<bool> stopping_ = false;
  std::jthread thread_;
};

}  // namespace gigapi
