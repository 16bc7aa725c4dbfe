#include "repair/sweep_planner.h"

#include <gtest/gtest.h>

#include "storage/hive_path.h"

namespace gigapi {
namespace {

constexpr PartitionKey kHour{487'000};
constexpr int64_t kOldNs = 70;
constexpr int64_t kBeforeNs = 100;

/// An hour with a merged file of records 1 to 9, which is all old.
class SweepPlannerTest : public testing::Test {
 protected:
  SweepPlannerTest() {
    TableInventory& table = inventory_.tables[{"db", "t"}];
    table.schema = std::make_shared<const TableSchema>(std::vector<ColumnSchema>{{"value", ColumnType::kFloat64}});
    hour_ = &table.hours[kHour];
    hour_->files = {Found("merged.2.parquet", {0, 9})};
    const FoundFile& merged = hour_->files.front();
    listed_.layer = merged.layer;
    listed_.key = merged.key;
    listed_.size_bytes = merged.size_bytes;
    listed_.created_ns = listed_.newest_in_layer_ns = kOldNs;
  }

  FoundFile Found(const std::string& name, LogRange range) const {
    FoundFile found{.layer = layer_, .key = PartitionPath(TablePath("db", "t"), kHour) + '/' + name};
    found.size_bytes = 1'000;
    found.modified_ns = kOldNs;
    ParquetFooter& footer = found.footer.emplace();
    footer.rows = 10;
    footer.min_time = kHour.begin_ns();
    footer.max_time = kHour.last_ns();
    footer.columns = {{.name = "value", .type = ColumnType::kFloat64}};
    FileProvenance& provenance = footer.provenance.emplace();
    provenance.database = "db";
    provenance.table = "t";
    provenance.partition = kHour;
    provenance.column_types = "f";
    provenance.logs = {{"n1", {range}}};
    return found;
  }
  std::vector<std::string> Swept() const {
    hour_->metadata = PartitionMetadata{.table = "t", .files = {std::make_shared<DataFile>(listed_)}};
    std::vector<std::string> names;
    for (const Orphan& orphan : PlanSweep(inventory_, {.node = "n1", .is_shared = true}, kBeforeNs)) {
      names.push_back(orphan.key.substr(orphan.key.rfind('/') + 1));
    }
    return names;
  }

  const LayerPtr layer_ = MakeLocalLayer(LocalFileSystem(), "/nowhere");
  LakeInventory inventory_;
  HourInventory* hour_ = nullptr;
  DataFile listed_;
};

using Names = std::vector<std::string>;

TEST_F(SweepPlannerTest, TakesWhatListedFilesHave) {
  hour_->files.push_back(Found("input.1.parquet", {0, 5}));
  EXPECT_EQ(Swept(), Names{"input.1.parquet"});
}

TEST_F(SweepPlannerTest, LeavesRowsThatAreNowhereElse) {
  hour_->files.push_back(Found("lost.1.parquet", {9, 12}));
  hour_->files.push_back(Found("overlapping.1.parquet", {5, 12}));
  EXPECT_EQ(Swept(), Names{});
}

/// A catalog that fell back names neither the file of a merge that is under way nor its inputs: the merge comes too late,
/// and removes its file.
TEST_F(SweepPlannerTest, LeavesWhatOnlyFilesHaveThatNobodyNames) {
  hour_->files.push_back(Found("a.1.parquet", {9, 12}));
  hour_->files.push_back(Found("b.1.parquet", {12, 15}));
  hour_->files.push_back(Found("too_late.2.parquet", {9, 15}));
  EXPECT_EQ(Swept(), Names{});
}

TEST_F(SweepPlannerTest, LeavesWhatMayStillBeReadOrCommitted) {
  hour_->files.push_back(Found("input.1.parquet", {0, 5}));
  hour_->files.back().modified_ns = kBeforeNs;
  EXPECT_EQ(Swept(), Names{}) << "young";
  hour_->files.back().modified_ns = kOldNs;
  listed_.created_ns = kBeforeNs;
  EXPECT_EQ(Swept(), Names{}) << "was replaced just now";
  listed_.created_ns = kOldNs;
  listed_.newest_in_layer_ns = kBeforeNs;
  EXPECT_EQ(Swept(), Names{}) << "its copy was named just now";
}

TEST_F(SweepPlannerTest, LeavesHoursThatAreNotWhole) {
  hour_->files.push_back(Found("input.1.parquet", {0, 5}));
  listed_.size_bytes += 1;
  EXPECT_EQ(Swept(), Names{}) << "what has its rows is not as it was written";
  hour_->metadata.reset();
  EXPECT_TRUE(PlanSweep(inventory_, {.node = "n1", .is_shared = true}, kBeforeNs).empty()) << "no metadata";
}

TEST_F(SweepPlannerTest, TakesWhatIsLeftOfATableThatWasDroppedLongAgo) {
  TableInventory& table = inventory_.tables.at({"db", "t"});
  hour_->files.push_back(Found("dropped.1.parquet", {5, 12}));
  hour_->files.push_back(Found("of_the_next_table.1.parquet", {12, 13}));
  table.dropped = {.database = "db", .table = "t", .wal_sequences = {{"n1", 12}}, .dropped_ns = kOldNs};
  EXPECT_EQ(Swept(), Names{"dropped.1.parquet"});
  hour_->metadata.reset();
  EXPECT_EQ(PlanSweep(inventory_, {.node = "n2", .is_shared = true}, kBeforeNs).size(), 2u)
      << "by another node; what had been listed, too";
  table.dropped.dropped_ns = kBeforeNs;
  EXPECT_EQ(Swept(), Names{}) << "queries may still read it";
  table.dropped = {};
  EXPECT_EQ(Swept(), Names{}) << "nobody dropped it";
}

/// A catalog that fell back to the middle of a drop had the table still, and its rows were merged with new ones.
TEST_F(SweepPlannerTest, LeavesWhatHasRowsFromBeforeADropAndFromAfterIt) {
  hour_->files.push_back(Found("mixed.2.parquet", {12, 15}));
  hour_->files.back().footer->provenance->logs["n2"] = {{0, 7}};
  inventory_.tables.at({"db", "t"}).dropped = {
      .database = "db", .table = "t", .wal_sequences = {{"n1", 9}, {"n2", 7}}, .dropped_ns = kOldNs};
  EXPECT_EQ(Swept(), Names{});
}

TEST_F(SweepPlannerTest, LeavesWhatWaitsForItsRemovalToWhoDroppedIt) {
  hour_->files.push_back(Found("input.1.parquet", {0, 5}));
  (void)Swept();
  hour_->metadata->drop_queue = {{.layer = layer_->name(), .name = "input.1.parquet"}};
  EXPECT_TRUE(PlanSweep(inventory_, {.node = "n1", .is_shared = true}, kBeforeNs).empty());
}

}  // namespace
}  // namespace gigapi
