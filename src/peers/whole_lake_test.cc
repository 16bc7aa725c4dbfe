#include "peers/whole_lake.h"

#include <gtest/gtest.h>

#include "lake/testing/lake_rows.h"
#include "object_store/testing/fault_store.h"
#include "object_store/testing/memory_store.h"

namespace gigapi {
namespace {

/// Tells nothing.
class SilentFeed final : public ChangeFeed {
 public:
  Result<ChangePage> Since(const std::string&, size_t) override { return ChangePage{}; }
  Result<bool> AwaitChange(const std::string&, int64_t) override {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return cancelled_; });
    return Error(ErrorKind::kCancelled, "cancelled");
  }
  void Cancel() override {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool cancelled_ = false;
};

class WholeLakeTest : public testing::Test {
 protected:
  /// A node that takes rows, or asks for those of others.
  std::unique_ptr<Lake> OpenNode(FileSystem* disk, std::shared_ptr<Membership> membership) const {
    LakeOptions options = Options();
    options.layers = {layer_};
    options.shared_catalog = store_;
    options.catalog_feed = std::make_shared<SilentFeed>();
    options.membership = std::move(membership);
    return Open(disk, options);
  }
  std::shared_ptr<Membership> NewMembership() const {
    return std::make_shared<Membership>(store_, MembershipOptions{.heartbeat_interval_ms = 3'600'000});
  }

  const std::shared_ptr<FaultStore> store_ = std::make_shared<FaultStore>(MakeMemoryStore());
  const LayerPtr layer_ = std::make_shared<const Layer>(LayerOptions{.name = "bucket", .is_global = true}, store_, nullptr);
};

TEST_F(WholeLakeTest, HasTheRowsOfANodeThatHasEndedWhateverTheFeedTells) {
  FaultFileSystem own_disk, other_disk;
  const auto membership = NewMembership();
  const auto own = OpenNode(&own_disk, membership);
  {
    const auto other = OpenNode(&other_disk, NewMembership());
    ASSERT_TRUE(WriteAndWait(other.get(), Rows("t", {1, 2}, 2)).ok());
    ASSERT_TRUE(other->Close().ok());
  }
  PeerClient peers(membership.get(), {});
  WholeLake whole(own.get(), membership.get(), &peers);
  const auto snapshot = whole.Snapshot();
  ASSERT_TRUE(snapshot.ok()) << snapshot.status().ToString();
  EXPECT_EQ((*snapshot)->databases.at("db").at("t")->files.size(), 2U);
}

TEST_F(WholeLakeTest, IsNoneWithoutTheCatalog) {
  FaultFileSystem disk;
  const auto membership = NewMembership();
  const auto lake = OpenNode(&disk, membership);
  PeerClient peers(membership.get(), {});
  WholeLake whole(lake.get(), membership.get(), &peers);
  ASSERT_TRUE(whole.Snapshot().ok());
  // All but the list of nodes.
  store_->SetFaults([](FaultStore::Operation operation, const std::string& key) {
    const bool is_of_nodes = key.starts_with(kNodesPrefix) || operation != FaultStore::Operation::kList;
    return is_of_nodes ? FaultStore::Outcome::kDone : FaultStore::Outcome::kNotDone;
  });
  EXPECT_EQ(KindOf(whole.Snapshot().status()), ErrorKind::kUnavailable);
  store_->StopFailing();
}

}  // namespace
}  // namespace gigapi
