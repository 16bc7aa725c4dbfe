#include "peers/whole_lake.h"

#include <gtest/gtest.h>

#include "lake/testing/shared_lake.h"

namespace gigapi {
namespace {

class WholeLakeTest : public SharedLake {
 protected:
  /// A node that takes rows, or asks for those of others.
  std::unique_ptr<Lake> OpenMember(FileSystem* disk, std::shared_ptr<Membership> membership) const {
    LakeOptions options = NodeOptions();
    options.catalog_feed = std::make_shared<SilentFeed>();
    options.membership = std::move(membership);
    return Open(disk, options);
  }
  std::shared_ptr<Membership> NewMembership() const {
    return std::make_shared<Membership>(store_, MembershipOptions{.heartbeat_interval_ms = 3'600'000});
  }
};

TEST_F(WholeLakeTest, HasTheRowsOfANodeThatHasEndedWhateverTheFeedTells) {
  FaultFileSystem own_disk, other_disk;
  const auto membership = NewMembership();
  const auto own = OpenMember(&own_disk, membership);
  {
    const auto other = OpenMember(&other_disk, NewMembership());
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
  const auto lake = OpenMember(&disk, membership);
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
