#include "lake/catalog_position.h"

#include <gtest/gtest.h>

#include "base/testing/fault_file_system.h"
#include "lake/testing/falling_feed.h"

namespace gigapi {
namespace {

constexpr char kPath[] = "/position";

class CatalogPositionTest : public testing::Test {
 protected:
  std::string Kept() { return *disk_.Exists(kPath) ? *ReadWholeFile(&disk_, kPath) : "nothing"; }
  /// How often a start takes the catalog for one that fell back.
  uint64_t FallsAtAStart() {
    CatalogPosition position(&disk_, kPath);
    EXPECT_TRUE(position.Check(&feed_).ok());
    return position.falls();
  }

  FaultFileSystem disk_;
  const std::shared_ptr<int> falls_ = std::make_shared<int>(7);
  FallingFeed feed_{falls_};
};

TEST_F(CatalogPositionTest, ANodeWithoutAPastKnowsOfNoFall) { EXPECT_EQ(FallsAtAStart(), 0u); }

TEST_F(CatalogPositionTest, AStartFindsOutWhatHasFallenBackMeanwhile) {
  CatalogPosition(&disk_, kPath).Reached("7", true);
  EXPECT_EQ(FallsAtAStart(), 0u);
  feed_.FallBack();
  EXPECT_EQ(FallsAtAStart(), 1u);
  EXPECT_EQ(FallsAtAStart(), 1u) << "nothing has been made good";
}

TEST_F(CatalogPositionTest, StaysWhereItWasUntilAllIsMadeGood) {
  CatalogPosition position(&disk_, kPath);
  position.FellBack();
  position.Reached("7", true);
  EXPECT_EQ(FallsAtAStart(), 1u) << "also where the catalog fell to what had been kept";
  position.FellBack();
  position.MadeGood(1);
  EXPECT_EQ(position.falls(), 2u) << "it fell again meanwhile";
  position.Reached("7", true);
  EXPECT_EQ(FallsAtAStart(), 1u);
  position.MadeGood(2);
  EXPECT_EQ(position.falls(), 0u);
  EXPECT_EQ(FallsAtAStart(), 1u) << "until it is kept that all is well";
}

TEST_F(CatalogPositionTest, GoesOnWhenAllIsMadeGood) {
  CatalogPosition position(&disk_, kPath);
  position.FellBack();
  position.MadeGood(1);
  position.Reached("7", true);
  EXPECT_EQ(Kept(), "7");
  EXPECT_EQ(FallsAtAStart(), 0u);
}

TEST_F(CatalogPositionTest, ACommitThatHidesAFallKeepsItFirst) {
  CatalogPosition position(&disk_, kPath);
  position.Reached("7", true);
  ASSERT_TRUE(position.KeepFall().ok());
  ASSERT_TRUE(position.KeepFall().ok());
  EXPECT_EQ(position.falls(), 1u);
  EXPECT_EQ(FallsAtAStart(), 1u);
}

TEST_F(CatalogPositionTest, IsNotWrittenAllTheTime) {
  CatalogPosition position(&disk_, kPath);
  position.Reached("1", true);
  position.Reached("2", true);
  EXPECT_EQ(Kept(), "1");
}

}  // namespace
}  // namespace gigapi
