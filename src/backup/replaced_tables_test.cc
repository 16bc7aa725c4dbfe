#include "backup/replaced_tables.h"

#include <gtest/gtest.h>

namespace gigapi {
namespace {

constexpr PartitionKey kHour{480'000}, kLater{480'001};
const TableKey kTable{"db", "t"};

TEST(ReplacedTables, OnlyWhatTheBackupHasIsKept) {
  const DropRecords records = RecordsOfReplaced({{kTable, {{"n", 9}}}}, {}, {{kTable, {{kHour, {{"n", 5}}}}}}, 77);
  ASSERT_EQ(records.size(), 1u);
  const DropRecord& record = records.at(kTable);
  EXPECT_EQ(record.dropped_ns, 77);
  EXPECT_FALSE(record.Covers(kHour, "n", 5)) << "the backup has it";
  EXPECT_TRUE(record.Covers(kHour, "n", 6));
  EXPECT_TRUE(record.Covers(kLater, "n", 1)) << "an hour that the backup lacks";
  EXPECT_FALSE(record.Covers(kLater, "n", 10)) << "it came after the restore";
  EXPECT_FALSE(record.Covers(kHour, "another", 1));
}

TEST(ReplacedTables, ADropOfBeforeGoesOnForWhatIsNotThereAgain) {
  const DropRecords earlier{{kTable, {.database = "db", .table = "t", .wal_sequences = {{"n", 5}}, .dropped_ns = 1}},
                            {{"db", "u"}, {.database = "db", .table = "u", .wal_sequences = {{"n", 6}}, .dropped_ns = 1}}};
  const DropRecords records = RecordsOfReplaced({}, earlier, {{kTable, {{kHour, {{"n", 3}}}}}}, 77);
  ASSERT_EQ(records.size(), 1u) << "that of the other table is left alone";
  EXPECT_FALSE(records.at(kTable).Covers(kHour, "n", 3));
  EXPECT_TRUE(records.at(kTable).Covers(kHour, "n", 4));
}

TEST(ReplacedTables, AnEmptyLakeNeedsNoRecord) {
  EXPECT_TRUE(RecordsOfReplaced({}, {}, {{kTable, {{kHour, {{"n", 3}}}}}}, 77).empty());
}

}  // namespace
}  // namespace gigapi
