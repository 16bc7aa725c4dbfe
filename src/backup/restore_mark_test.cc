#include "backup/restore_mark.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>

#include "base/process_identity.h"
#include "object_store/testing/fault_store.h"
#include "object_store/testing/memory_store.h"

namespace gigapi {
namespace {

using Operation = FaultStore::Operation;
using Outcome = FaultStore::Outcome;

class RestoreMarkTest : public testing::Test {
 protected:
  static constexpr RestoreMarkTimes kQuick{.lease_ms = 200, .takeover_ms = 400};
  static constexpr RestoreMarkTimes kSlow{.lease_ms = 60'000, .takeover_ms = 60'000};  // never renewed by itself

  std::unique_ptr<RestoreMark> Make(RestoreMarkTimes times) { return std::make_unique<RestoreMark>(store_.get(), times); }
  Status Look(RestoreMark* mark) {
    return mark->Look([] { return false; });
  }
  CatalogMarker State() { return ReadCatalogMarker(store_.get())->state; }
  /// Another process has left its mark, of which nothing is known.
  void LeaveMark(const std::string& owner) {
    const VersionedMarker now = *ReadCatalogMarker(store_.get());
    ASSERT_TRUE(ReplaceCatalogMarker(store_.get(), now, CatalogMarkerContent(CatalogMarker::kRestoring, owner)).ok());
  }

  const std::shared_ptr<FaultStore> store_ = std::make_shared<FaultStore>(MakeMemoryStore());
};

TEST_F(RestoreMarkTest, IsThereFromTakeToEnd) {
  const auto mark = Make(kSlow);
  ASSERT_TRUE(Look(mark.get()).ok());
  EXPECT_EQ(State(), CatalogMarker::kNone);
  ASSERT_TRUE(mark->Take().ok());
  EXPECT_EQ(State(), CatalogMarker::kRestoring);
  EXPECT_TRUE(mark->Check().ok());
  ASSERT_TRUE(mark->End().ok());
  EXPECT_EQ(State(), CatalogMarker::kWhole);
}

TEST_F(RestoreMarkTest, OfTwoThatLookedAtOnceOneTakesIt) {
  const auto first = Make(kSlow), second = Make(kSlow);
  ASSERT_TRUE(Look(first.get()).ok() && Look(second.get()).ok());
  ASSERT_TRUE(first->Take().ok());
  EXPECT_EQ(KindOf(second->Take()), ErrorKind::kConflict);
  EXPECT_TRUE(first->Renew().ok());
  ASSERT_TRUE(first->End().ok());
  EXPECT_EQ(KindOf(second->Take()), ErrorKind::kConflict);
  EXPECT_EQ(State(), CatalogMarker::kWhole);
}

TEST_F(RestoreMarkTest, OneThatIsRenewedIsLeftAlone) {
  const auto first = Make(kQuick), second = Make(kQuick);
  ASSERT_TRUE(Look(first.get()).ok());
  ASSERT_TRUE(first->Take().ok());
  const Status refused = Look(second.get());
  EXPECT_EQ(KindOf(refused), ErrorKind::kConflict);
  EXPECT_NE(refused.message().find("under way"), std::string::npos) << refused;
}

TEST_F(RestoreMarkTest, OneThatNobodyRenewsIsTakenOverAndItsOwnerChangesNothingMore) {
  const auto first = Make(kSlow), second = Make(kQuick);
  ASSERT_TRUE(Look(first.get()).ok());
  ASSERT_TRUE(first->Take().ok());
  ASSERT_TRUE(Look(second.get()).ok());
  EXPECT_TRUE(second->goes_on());
  ASSERT_TRUE(second->Take().ok());
  EXPECT_EQ(KindOf(first->Renew()), ErrorKind::kConflict);
  EXPECT_EQ(KindOf(first->Check()), ErrorKind::kConflict);
  EXPECT_EQ(KindOf(first->End()), ErrorKind::kConflict);
  EXPECT_EQ(State(), CatalogMarker::kRestoring);
}

TEST_F(RestoreMarkTest, OneWhoseOwnerHasEndedOrLetGoIsTakenOverAtOnce) {
  LeaveMark(ProcessIdentity() + "0");
  const auto first = Make(kSlow);
  ASSERT_TRUE(Look(first.get()).ok());  // else this would take a minute
  ASSERT_TRUE(first->Take().ok());
  {
    const auto cut_short = Make(kSlow);
    LeaveMark(ProcessIdentity() + "0");
    ASSERT_TRUE(Look(cut_short.get()).ok());
    ASSERT_TRUE(cut_short->Take().ok());
  }
  const auto second = Make(kSlow);
  ASSERT_TRUE(Look(second.get()).ok());
  EXPECT_TRUE(second->goes_on());
}

TEST_F(RestoreMarkTest, WithoutAnAnswerNothingIsChangedUntilThereIsOne) {
  const auto mark = Make(kQuick);
  ASSERT_TRUE(Look(mark.get()).ok());
  ASSERT_TRUE(mark->Take().ok());
  store_->SetFaults([](Operation, const std::string&) { return Outcome::kNotDone; });
  while (mark->Check().ok()) std::this_thread::yield();
  EXPECT_EQ(KindOf(mark->Check()), ErrorKind::kUnavailable);
  store_->StopFailing();
  EXPECT_TRUE(mark->Renew().ok());
  EXPECT_TRUE(mark->Check().ok());
}

/// Whatever became of a put whose answer was lost, one that comes late included.
TEST_F(RestoreMarkTest, KnowsItsOwnPutsAgain) {
  for (const Outcome outcome : {Outcome::kNotDone, Outcome::kAnswerLost, Outcome::kLate}) {
    for (int failing = 0; failing < 3; ++failing) {
      const auto mark = Make(kSlow);
      ASSERT_TRUE(Look(mark.get()).ok());
      const auto once = [&](const std::function<Status()>& call, bool fails) {
        if (!fails) return call();
        store_->SetFaults([=](Operation operation, const std::string&) {
          return operation == Operation::kPutIf ? outcome : Outcome::kDone;
        });
        EXPECT_EQ(KindOf(call()), ErrorKind::kUnavailable);
        store_->StopFailing();
        if (failing != 2) store_->DeliverLate();
        const Status again = call();
        store_->DeliverLate();
        return again;
      };
      ASSERT_TRUE(once([&] { return mark->Take(); }, failing == 0).ok());
      ASSERT_TRUE(once([&] { return mark->Renew(); }, failing == 1).ok());
      ASSERT_TRUE(once([&] { return mark->End(); }, failing == 2).ok());
      EXPECT_EQ(State(), CatalogMarker::kWhole);
      EXPECT_TRUE(mark->has_ended());
      ASSERT_TRUE(mark->Renew().ok());
      EXPECT_EQ(State(), CatalogMarker::kWhole) << "it is not marked again";
    }
  }
}

TEST_F(RestoreMarkTest, GivenUpTheCatalogIsWhatItWas) {
  for (const CatalogMarker before : {CatalogMarker::kNone, CatalogMarker::kUnfinished, CatalogMarker::kWhole}) {
    if (before != CatalogMarker::kNone) {
      const VersionedMarker now = *ReadCatalogMarker(store_.get());
      ASSERT_TRUE(ReplaceCatalogMarker(store_.get(), now, CatalogMarkerContent(before)).ok());
    }
    const auto mark = Make(kSlow);
    ASSERT_TRUE(Look(mark.get()).ok());
    ASSERT_TRUE(mark->Take().ok());
    ASSERT_TRUE(mark->GiveUp().ok());
    EXPECT_EQ(State(), before);
  }
}

}  // namespace
}  // namespace gigapi
