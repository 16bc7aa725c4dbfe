#include "repair/repair_planner.h"

#include <gtest/gtest.h>

#include "storage/hive_path.h"

namespace gigapi {
namespace {

constexpr PartitionKey kHour{487'000};

class RepairPlannerTest : public testing::Test {
 protected:
  RepairPlannerTest() { inventory_.tables[{"db", "t"}].hours[kHour] = {}; }

  TableInventory& table() { return inventory_.tables[{"db", "t"}]; }
  HourInventory& hour() { return table().hours[kHour]; }

  FoundFile Found(const std::string& name, LogRange range, int64_t rows = 10) const {
    FoundFile found{.layer = layer_, .key = PartitionPath(TablePath("db", "t"), kHour) + '/' + name};
    found.size_bytes = 1'000;
    found.modified_ns = 77;
    ParquetFooter& footer = found.footer.emplace();
    footer.rows = rows;
    footer.min_time = kHour.begin_ns();
    footer.max_time = kHour.last_ns();
    footer.columns = {{.name = "host", .type = ColumnType::kTag}, {.name = "value", .type = ColumnType::kFloat64}};
    FileProvenance& provenance = footer.provenance.emplace();
    provenance.database = "db";
    provenance.table = "t";
    provenance.partition = kHour;
    provenance.column_types = "tf";
    provenance.min_sequence = range.after + 1;
    provenance.max_sequence = range.up_to;
    provenance.created_ns = 70;
    provenance.logs = {{"n1", {range}}};
    return found;
  }
  DataFilePtr Listed(const FoundFile& found) const {
    auto file = std::make_shared<DataFile>();
    file->layer = found.layer;
    file->key = found.key;
    file->size_bytes = found.size_bytes;
    file->rows = found.footer->rows;
    return file;
  }
  void HasMetadata(std::vector<DataFilePtr> files) {
    table().schema = std::make_shared<const TableSchema>(
        std::vector<ColumnSchema>{{"host", ColumnType::kTag}, {"value", ColumnType::kFloat64}});
    hour().metadata = PartitionMetadata{.table = "t", .files = std::move(files)};
    hour().version = "v1";
  }
  RepairPlan Plan() const { return MakeRepairPlan(inventory_, options_); }

  const LayerPtr layer_ = MakeLocalLayer(LocalFileSystem(), "/nowhere");
  LakeInventory inventory_;
  RepairOptions options_{.node = "n1"};
};

TEST_F(RepairPlannerTest, DoesNotBringBackATableThatAnyNodeHasDropped) {
  hour().files = {Found("a.1.parquet", {0, 5}), Found("b.1.parquet", {5, 9})};
  table().dropped = {.database = "db", .table = "t", .wal_sequences = {{"n1", 5}}};
  options_.node = "another";
  const RepairPlan plan = Plan();
  ASSERT_EQ(plan.hours.size(), 1u);
  ASSERT_EQ(plan.hours[0].added.size(), 1u);
  EXPECT_TRUE(plan.hours[0].added[0]->key.ends_with("/b.1.parquet")) << "it was written after the drop";
  ASSERT_EQ(plan.orphans.size(), 1u);
  EXPECT_EQ(plan.orphans[0].kind, OrphanKind::kOfDroppedTable);
  table().dropped.wal_sequences["n1"] = 9;
  EXPECT_TRUE(Plan().tables.empty());
}

/// A backup took the place of the table: it has the first file, and a merge of before may have the rows of both.
TEST_F(RepairPlannerTest, DoesNotBringBackWhatWentWhenABackupWasRestored) {
  const FoundFile restored = Found("a.1.parquet", {0, 5});
  hour().files = {restored, Found("b.1.parquet", {5, 9}), Found("ab.2.parquet", {0, 9}, 20), Found("c.1.parquet", {9, 12})};
  hour().files[3].footer->provenance->logs = {{"n1", {{9, 12}}}};
  table().dropped = {.database = "db", .table = "t", .wal_sequences = {{"n1", 9}}, .kept = {{kHour, {{"n1", 5}}}}};
  options_.add_unlisted = true;
  // An earlier drop of this machine's, which the restore came after.
  options_.drops.Add({.database = "db", .table = "t", .sequence = 7});
  for (const bool has_metadata : {true, false}) {
    if (has_metadata) HasMetadata({Listed(restored)});
    else hour().metadata.reset();
    const RepairPlan plan = Plan();
    ASSERT_EQ(plan.orphans.size(), 2u) << has_metadata;
    EXPECT_EQ(plan.orphans[0].kind, OrphanKind::kOfDroppedTable);
    EXPECT_EQ(plan.orphans[1].kind, OrphanKind::kOfDroppedTable);
    ASSERT_EQ(plan.hours.size(), 1u);
    EXPECT_EQ(plan.hours[0].added.size(), has_metadata ? 1u : 2u) << "what came later, and the backup's own";
  }
  options_.drops.Add({.database = "db", .table = "t", .sequence = 20});  // after the restore
  EXPECT_TRUE(Plan().hours.empty());
}

TEST_F(RepairPlannerTest, RebuildsAnHourFromItsFiles) {
  hour().files = {Found("a.1.parquet", {0, 5}), Found("b.1.parquet", {5, 9}), Found("c.2.parquet", {0, 9}, 20)};
  const RepairPlan plan = Plan();
  EXPECT_EQ(plan.databases, std::vector<std::string>{"db"});
  ASSERT_EQ(plan.tables.size(), 1u);
  EXPECT_EQ(plan.tables[0].schema->columns(),
            (std::vector<ColumnSchema>{{"host", ColumnType::kTag}, {"value", ColumnType::kFloat64}}));
  ASSERT_EQ(plan.hours.size(), 1u);
  EXPECT_TRUE(plan.hours[0].is_new);
  EXPECT_EQ(plan.hours[0].metadata.wal_sequences, (std::map<std::string, uint64_t>{{"", 9}}));
  ASSERT_EQ(plan.hours[0].metadata.files.size(), 1u);
  const DataFile& file = *plan.hours[0].metadata.files[0];
  EXPECT_EQ(file.level, 2);
  EXPECT_EQ(file.rows, 20);
  EXPECT_EQ(file.created_ns, 70);
  EXPECT_EQ(file.min_sequence, 1u);
  EXPECT_EQ(file.max_sequence, 9u);
  ASSERT_EQ(plan.orphans.size(), 2u);
  EXPECT_EQ(plan.orphans[0].kind, OrphanKind::kReplaced);
  EXPECT_EQ(plan.guessed_files, 0);
}

TEST_F(RepairPlannerTest, KeepsSequencesByNodeWhereNodesShareTheCatalog) {
  options_.is_shared = true;
  hour().files = {Found("a.1.parquet", {0, 5}), Found("b.1.parquet", {2, 9})};
  hour().files[1].footer->provenance->logs = {{"n2", {{2, 9}}}};
  EXPECT_EQ(Plan().hours.at(0).metadata.wal_sequences, (std::map<std::string, uint64_t>{{"n1", 5}, {"n2", 9}}));
}

TEST_F(RepairPlannerTest, LeavesFilesWithoutRowsOfItsLogToOthers) {
  options_ = {.node = "n1", .is_shared = true, .add_unlisted = true, .own_rows_only = true};
  options_.drops.Add({.database = "db", .table = "t", .sequence = 9});
  hour().files = {Found("listed.1.parquet", {15, 17}), Found("own.1.parquet", {0, 15}), Found("dropped.1.parquet", {5, 9}),
                  Found("theirs.1.parquet", {1, 3})};
  hour().files[3].footer->provenance->logs = {{"n2", {{1, 3}}}};
  HasMetadata({Listed(hour().files[0])});
  const RepairPlan plan = Plan();
  ASSERT_EQ(plan.hours.size(), 1u);
  ASSERT_EQ(plan.hours[0].added.size(), 1u);
  EXPECT_EQ(plan.hours[0].added[0]->key, hour().files[1].key);
  ASSERT_EQ(plan.orphans.size(), 2u);
  EXPECT_EQ(plan.orphans[0].kind, OrphanKind::kOfDroppedTable);
  EXPECT_EQ(plan.orphans[1].kind, OrphanKind::kUnlisted);
}

TEST_F(RepairPlannerTest, IgnoresTheSequencesOfTheLogThatARestoredRootCameFrom) {
  options_.node = "new";
  hour().files = {Found("a.1.parquet", {0, 5})};
  const RepairPlan plan = Plan();
  EXPECT_TRUE(plan.hours.at(0).metadata.wal_sequences.empty());
  EXPECT_EQ(plan.hours[0].metadata.files[0]->min_sequence, 0u);
}

TEST_F(RepairPlannerTest, LeavesAWholeLakeAlone) {
  const FoundFile found = Found("a.1.parquet", {0, 5});
  hour().files = {found};
  HasMetadata({Listed(found)});
  const RepairPlan plan = Plan();
  EXPECT_TRUE(plan.tables.empty() && plan.hours.empty() && plan.missing.empty() && plan.orphans.empty());
  EXPECT_EQ(plan.listed_files, 1);
  EXPECT_EQ(plan.listed_rows, 10);
}

TEST_F(RepairPlannerTest, ReportsMissingFilesAndForgetsThemOnlyWhenTold) {
  const FoundFile found = Found("a.1.parquet", {0, 5});
  const FoundFile gone = Found("b.1.parquet", {5, 9});
  FoundFile shorter = Found("c.1.parquet", {9, 12});
  HasMetadata({Listed(found), Listed(gone), Listed(shorter)});
  shorter.size_bytes = 10;
  hour().files = {found, shorter};
  RepairPlan plan = Plan();
  EXPECT_TRUE(plan.hours.empty());
  ASSERT_EQ(plan.missing.size(), 2u);
  EXPECT_FALSE(plan.missing[0].found_bytes);
  EXPECT_EQ(plan.missing[1].found_bytes, 10);
  options_.forget_missing = true;
  plan = Plan();
  ASSERT_EQ(plan.hours.size(), 1u);
  EXPECT_EQ(plan.hours[0].version, "v1");
  EXPECT_FALSE(plan.hours[0].is_new);
  ASSERT_EQ(plan.hours[0].metadata.files.size(), 1u);
  EXPECT_EQ(plan.hours[0].metadata.files[0]->key, found.key);
}

TEST_F(RepairPlannerTest, AddsNoOrphanToAnHourThatHasMetadataUnlessTold) {
  const FoundFile listed = Found("m.2.parquet", {0, 9});
  hour().files = {listed, Found("a.1.parquet", {0, 5}), Found("b.1.parquet", {9, 12}), Found("c.1.parquet", {8, 12})};
  HasMetadata({Listed(listed)});
  RepairPlan plan = Plan();
  EXPECT_TRUE(plan.hours.empty());
  ASSERT_EQ(plan.orphans.size(), 3u);
  std::map<std::string, OrphanKind> kinds;
  for (const Orphan& orphan : plan.orphans) kinds[orphan.key.substr(orphan.key.size() - 11)] = orphan.kind;
  EXPECT_EQ(kinds["a.1.parquet"], OrphanKind::kReplaced);
  EXPECT_EQ(kinds["b.1.parquet"], OrphanKind::kUnlisted);
  EXPECT_EQ(kinds["c.1.parquet"], OrphanKind::kConflicting);
  options_.add_unlisted = true;
  plan = Plan();
  ASSERT_EQ(plan.hours.size(), 1u);
  EXPECT_EQ(plan.hours[0].metadata.files.size(), 2u);
  EXPECT_EQ(plan.hours[0].metadata.wal_sequences.at(""), 12u);
}

TEST_F(RepairPlannerTest, AddsNoFileBesideOneThatDoesNotTellNorGivesItUp) {
  FoundFile listed = Found("m.2.parquet", {0, 9});
  HasMetadata({Listed(listed)});
  listed.footer->provenance.reset();
  hour().files = {listed, Found("b.1.parquet", {9, 12})};
  options_.add_unlisted = true;
  const RepairPlan plan = Plan();
  EXPECT_TRUE(plan.hours.empty());
  EXPECT_EQ(plan.orphans.at(0).kind, OrphanKind::kUnlisted) << "it may be the only copy";
}

/// The rows of a node's log that it has in its own layer are seen by nobody else.
TEST_F(RepairPlannerTest, BesideFilesOfOtherNodesAddsOnlyWhatTheyCannotHave) {
  options_ = {.node = "n1", .is_shared = true, .add_unlisted = true};
  auto elsewhere = std::make_shared<DataFile>(*Listed(Found("e.1.parquet", {0, 9})));
  elsewhere->node = "n2";
  elsewhere->is_elsewhere = true;
  hour().files = {Found("own.1.parquet", {0, 5}), Found("theirs.1.parquet", {9, 12})};
  hour().files[1].footer->provenance->logs = {{"n2", {{9, 12}}}};
  HasMetadata({elsewhere});
  const RepairPlan plan = Plan();
  ASSERT_EQ(plan.hours.size(), 1u);
  ASSERT_EQ(plan.hours[0].added.size(), 1u);
  EXPECT_EQ(plan.hours[0].added[0]->key, hour().files[0].key);
  EXPECT_EQ(plan.hours[0].metadata.files.size(), 2u);
  ASSERT_EQ(plan.orphans.size(), 1u);
  EXPECT_EQ(plan.orphans[0].key, hour().files[1].key);
  EXPECT_EQ(plan.orphans[0].kind, OrphanKind::kUnlisted);
}

/// The catalog has lost the commit of a merge, whose inputs were removed since.
TEST_F(RepairPlannerTest, TakesAMergedFileForItsInputsThatAreGone) {
  FoundFile merged = Found("c.2.parquet", {0, 9}, 20);
  merged.footer->provenance->replaced = {"a.1.parquet", "b.1.parquet"};
  hour().files = {merged, Found("d.1.parquet", {9, 12})};
  HasMetadata({Listed(Found("a.1.parquet", {0, 5})), Listed(Found("b.1.parquet", {5, 9}))});
  EXPECT_EQ(Plan().missing.size(), 2u);
  EXPECT_TRUE(Plan().hours.empty()) << "not unless told";
  options_.add_unlisted = true;
  const RepairPlan plan = Plan();
  EXPECT_TRUE(plan.missing.empty());
  ASSERT_EQ(plan.hours.size(), 1u);
  EXPECT_EQ(plan.hours[0].replaced.size(), 2u);
  ASSERT_EQ(plan.hours[0].metadata.files.size(), 2u);
  EXPECT_EQ(plan.hours[0].metadata.files[0]->key, hour().files[0].key);
  EXPECT_EQ(plan.hours[0].metadata.files[1]->key, hour().files[1].key);
}

TEST_F(RepairPlannerTest, TakesNoMergedFileWhereOneIsGoneThatItWasNotMadeOf) {
  options_.add_unlisted = true;
  FoundFile merged = Found("c.2.parquet", {0, 9}, 20);
  merged.footer->provenance->replaced = {"a.1.parquet"};
  hour().files = {merged};
  auto other = std::make_shared<DataFile>(*Listed(Found("b.1.parquet", {9, 12})));
  other->min_sequence = 10;
  other->max_sequence = 12;
  HasMetadata({Listed(Found("a.1.parquet", {0, 5})), other});
  RepairPlan plan = Plan();
  EXPECT_EQ(plan.missing.size(), 2u);
  EXPECT_TRUE(plan.hours.empty());
  ASSERT_EQ(plan.orphans.size(), 1u);
  EXPECT_EQ(plan.orphans[0].kind, OrphanKind::kUnlisted);
  // As after several merges, of which a footer names the last one's inputs.
  other->min_sequence = 6;
  other->max_sequence = 9;
  other->min_time = kHour.begin_ns();
  other->max_time = kHour.last_ns();
  EXPECT_EQ(Plan().hours.size(), 1u);
  other->rows = 21;
  EXPECT_TRUE(Plan().hours.empty()) << "it has more rows than what it would be in";
}

TEST_F(RepairPlannerTest, AddsNoFileWithRowsOfAnotherHour) {
  hour().files = {Found("early.1.parquet", {0, 5}), Found("late.1.parquet", {5, 9}), Found("c.1.parquet", {9, 12})};
  --hour().files[0].footer->min_time;
  ++hour().files[1].footer->max_time;
  hour().files[1].footer->provenance.reset();
  const RepairPlan plan = Plan();
  ASSERT_EQ(plan.hours.size(), 1u);
  EXPECT_EQ(plan.hours[0].added.size(), 1u);
  ASSERT_EQ(plan.orphans.size(), 2u);
  for (const Orphan& orphan : plan.orphans) {
    EXPECT_EQ(orphan.kind, OrphanKind::kUnreadable);
    EXPECT_EQ(orphan.problem, "it has rows of another hour");
  }
}

TEST_F(RepairPlannerTest, KnowsWhatWaitsForItsRemovalAndWhatWasDropped) {
  const FoundFile listed = Found("m.2.parquet", {5, 9});
  hour().files = {listed, Found("q.1.parquet", {0, 5})};
  HasMetadata({Listed(listed)});
  hour().metadata->drop_queue = {{.layer = "", .name = "q.1.parquet"}};
  EXPECT_EQ(Plan().orphans.at(0).kind, OrphanKind::kDropped);

  hour() = {.files = {Found("a.1.parquet", {0, 5}), Found("b.1.parquet", {5, 9})}};
  options_.drops.Add({.database = "db", .table = "t", .sequence = 5});
  const RepairPlan plan = Plan();
  EXPECT_EQ(plan.orphans.at(0).kind, OrphanKind::kOfDroppedTable);
  ASSERT_EQ(plan.hours.at(0).metadata.files.size(), 1u);
  EXPECT_EQ(plan.hours[0].metadata.files[0]->min_sequence, 6u);
}

TEST_F(RepairPlannerTest, TouchesNoMetadataThatCannotBeReadAndNoFileOfOthers) {
  hour().problem = "broken";
  hour().files = {Found("a.1.parquet", {0, 5})};
  RepairPlan plan = Plan();
  EXPECT_TRUE(plan.hours.empty() && plan.tables.empty() && plan.orphans.empty());
  EXPECT_EQ(plan.problems.size(), 1u);

  hour() = {.files = {Found("a.1.parquet", {0, 5}), Found("b.1.parquet", {5, 6})}};
  hour().files[0].footer.reset();
  hour().files[0].problem = "no Parquet";
  hour().files[1].footer->provenance->table = "other";
  plan = Plan();
  EXPECT_TRUE(plan.hours.empty() && plan.tables.empty());
  ASSERT_EQ(plan.orphans.size(), 2u);
  EXPECT_EQ(plan.orphans[0].kind, OrphanKind::kUnreadable);
  EXPECT_EQ(plan.orphans[1].kind, OrphanKind::kUnreadable);
}

TEST_F(RepairPlannerTest, PutsColumnsInTheirPlaces) {
  FoundFile first = Found("a.1.parquet", {0, 5});
  first.footer->columns = {{.name = "rack", .type = ColumnType::kTag}, {.name = "n", .type = ColumnType::kInt64}};
  first.footer->provenance->column_types = "-t-i";
  FoundFile old = Found("b.1.parquet", {5, 9});
  old.footer->columns = {{.name = "late", .type = ColumnType::kTag}, {.name = "rack", .type = ColumnType::kTag}};
  old.footer->provenance.reset();
  hour().files = {first, Found("c.1.parquet", {9, 12}), old};
  hour().files[1].footer->provenance->column_types = "t-f";
  const RepairPlan plan = Plan();
  std::string names;
  for (const ColumnSchema& column : plan.tables.at(0).schema->columns()) names += column.name + ' ';
  EXPECT_EQ(names, "host rack value n late ");
  EXPECT_EQ(plan.guessed_files, 1);
}

TEST_F(RepairPlannerTest, AddsColumnsThatListedFilesHaveAndTheTableHasLost) {
  const FoundFile found = Found("a.1.parquet", {0, 5});
  auto listed = std::make_shared<DataFile>(*Listed(found));
  listed->columns = {{.name = "value", .type = ColumnType::kFloat64}, {.name = "rack", .type = ColumnType::kTag}};
  hour().files = {found};
  HasMetadata({listed, listed});
  const RepairPlan plan = Plan();
  EXPECT_TRUE(plan.hours.empty());
  ASSERT_EQ(plan.tables.size(), 1u);
  EXPECT_FALSE(plan.tables[0].is_new);
  ASSERT_EQ(plan.tables[0].schema->size(), 3u);
  EXPECT_EQ((*plan.tables[0].schema)[2], (ColumnSchema{"rack", ColumnType::kTag}));
}

TEST_F(RepairPlannerTest, RebuildsTheColumnsOfATableWhoseHoursAreKnown) {
  const FoundFile listed = Found("m.2.parquet", {0, 9});
  hour().files = {listed};
  HasMetadata({Listed(listed)});
  table().schema = nullptr;
  const RepairPlan plan = Plan();
  EXPECT_TRUE(plan.hours.empty());
  EXPECT_EQ(plan.tables.at(0).schema->size(), 2u);
}

}  // namespace
}  // namespace gigapi
