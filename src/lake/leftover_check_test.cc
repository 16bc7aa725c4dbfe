#include "lake/leftover_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "lake/testing/lake_rows.h"
#include "wal/wal_reader.h"

namespace gigapi {
namespace {

const std::string kTable = std::string(kRoot) + "/db/t";
const std::string kHour = kTable + "/date=2023-11-14/hour=22";

FileProvenance FileOf(const std::string& node, uint64_t min_sequence) {
  FileProvenance file;
  file.min_sequence = file.max_sequence = min_sequence;
  file.logs[node] = {{min_sequence - 1, min_sequence}};
  return file;
}

TEST(LeftoverCheck, IsInTheLogFromItsFirstRecordOn) {
  EXPECT_TRUE(IsWhollyInLog(FileOf("a", 5), {.node = "a", .first_sequence = 5}));
  EXPECT_FALSE(IsWhollyInLog(FileOf("a", 4), {.node = "a", .first_sequence = 5}));
  EXPECT_FALSE(IsWhollyInLog(FileOf("a", 5), {.node = "b", .first_sequence = 5})) << "another log counts otherwise";
  EXPECT_FALSE(IsWhollyInLog(FileOf("a", 5), {.node = "a", .first_sequence = std::nullopt}));
  EXPECT_FALSE(IsWhollyInLog(FileProvenance{.min_sequence = 9}, {.node = "a", .first_sequence = 5})) << "it does not tell";
}

/// A lake that was closed with all rows in one file.
Ids MakeLake(FileSystem* fs) {
  Ids ids;
  auto lake = Open(fs);
  std::vector<int64_t> batch(100);
  std::iota(batch.begin(), batch.end(), 0);
  EXPECT_TRUE(WriteAndWait(lake.get(), Rows("t", batch)).ok());
  ids.insert(batch.begin(), batch.end());
  EXPECT_TRUE(lake->FlushAll().ok());
  EXPECT_TRUE(lake->Close().ok());
  return ids;
}

/// Until the log has let go of its first records.
void WriteElsewhereUntilReleased(FileSystem* fs) {
  auto lake = Open(fs);
  std::vector<int64_t> batch(2'000);
  std::iota(batch.begin(), batch.end(), 0);
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(WriteAndWait(lake.get(), Rows("other", batch)).ok());
    ASSERT_TRUE(lake->FlushAll().ok());
    if (*wal::FirstSequence(fs, std::string(kRoot) + "/.gigapi/wal").ValueOrDie() > 1) return;
  }
  FAIL() << "the log keeps everything";
}

TEST(LeftoverCheck, AnHourThatLostItsMetadataIsNotRemoved) {
  FaultFileSystem fs;
  const Ids ids = MakeLake(&fs);
  WriteElsewhereUntilReleased(&fs);
  const std::string metadata = ReadWholeFile(&fs, kHour + "/metadata.json").ValueOrDie();
  ASSERT_TRUE(fs.Remove(kHour + "/metadata.json").ok());
  const auto files = fs.List(kHour).ValueOrDie();
  const auto refused = Lake::Open(Options(), &fs);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.status().message(), testing::HasSubstr("gigapi repair"));
  EXPECT_EQ(fs.List(kHour).ValueOrDie(), files);
  ASSERT_TRUE(ReplaceFile(&fs, kHour + "/metadata.json", metadata).ok());
  auto lake = Open(&fs);
  ASSERT_NE(lake, nullptr);
  EXPECT_EQ(lake->Snapshot()->databases.at("db").at("t")->files.size(), 1u);
}

/// A table that was dropped and made anew, while the list of drops still has it.
void MakeLakeAnew(FileSystem* fs) {
  MakeLake(fs);
  ASSERT_TRUE(Open(fs)->DropTable("db", "t").ok());
  MakeLake(fs);
  WriteElsewhereUntilReleased(fs);
}

void ExpectRefusedWith(FileSystem* fs, const std::string& lost) {
  ASSERT_TRUE(fs->Remove(lost).ok());
  const auto files = fs->List(kHour).ValueOrDie();
  const auto refused = Lake::Open(Options(), fs);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.status().message(), testing::HasSubstr("gigapi repair"));
  EXPECT_EQ(fs->List(kHour).ValueOrDie(), files);
}

TEST(LeftoverCheck, AnHourOfATableThatWasMadeAnewIsNotRemoved) {
  FaultFileSystem fs;
  MakeLakeAnew(&fs);
  ExpectRefusedWith(&fs, kHour + "/metadata.json");
}

TEST(LeftoverCheck, ATableThatWasMadeAnewAndLostItsColumnsIsNotRemoved) {
  FaultFileSystem fs;
  MakeLakeAnew(&fs);
  ExpectRefusedWith(&fs, kTable + "/metadata.json");
}

TEST(LeftoverCheck, WhatTheLogStillHasIsRemovedAndReplayed) {
  FaultFileSystem fs;
  const Ids ids = MakeLake(&fs);
  ASSERT_TRUE(fs.Remove(kHour + "/metadata.json").ok());
  auto lake = Open(&fs);
  ASSERT_NE(lake, nullptr);
  EXPECT_EQ(Visible(lake.get(), &fs), ids);
}

TEST(LeftoverCheck, ATableThatLostItsColumnsIsNotPassedOver) {
  FaultFileSystem fs;
  MakeLake(&fs);
  ASSERT_TRUE(fs.Remove(kTable + "/metadata.json").ok());
  const auto refused = Lake::Open(Options(), &fs);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.status().message(), testing::HasSubstr("gigapi repair"));
}

}  // namespace
}  // namespace gigapi
