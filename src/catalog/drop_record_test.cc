#include "catalog/drop_record.h"

#include <gtest/gtest.h>

#include "object_store/testing/fault_store.h"
#include "object_store/testing/memory_store.h"

namespace gigapi {
namespace {

DropRecord Of(const std::string& table, WalSequences sequences, int64_t dropped_ns) {
  return {.database = "db", .table = table, .wal_sequences = std::move(sequences), .dropped_ns = dropped_ns};
}

TEST(DropRecord, ComesBackAsItWas) {
  const DropRecord record = Of("t/\"x\"\n", {{"a", UINT64_MAX}, {"b", 0}}, -5);
  const auto read = DecodeDropRecord(EncodeDropRecord(record));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, record);
  DropRecord of_restore = record;
  of_restore.kept = {{PartitionKey{-1}, {{"a", 5}}}, {PartitionKey{480'000}, {}}};
  EXPECT_EQ(*DecodeDropRecord(EncodeDropRecord(of_restore)), of_restore);
  for (const char* json :
       {"", "{}", "[1]", "\xff", R"({"database":"d","table":"t","dropped":1,"wal_sequences":{},"kept":{"x":{}}})"})
    EXPECT_FALSE(DecodeDropRecord(json).ok()) << json;
}

TEST(DropRecord, ALaterDropTakesTheEarlierOnesOver) {
  const auto store = MakeMemoryStore();
  ASSERT_TRUE(PutDropRecord(Of("t", {{"a", 5}, {"b", 3}}, 10), store.get()).ok());
  ASSERT_TRUE(PutDropRecord(Of("t", {{"a", 7}, {"c", 1}}, 20), store.get()).ok());
  ASSERT_TRUE(PutDropRecord(Of("t2", {{"a", 9}}, 15), store.get()).ok());
  EXPECT_EQ(*ReadDropRecord(store.get(), "db", "t"), Of("t", {{"a", 7}, {"b", 3}, {"c", 1}}, 20));
  EXPECT_EQ(ListAll(store.get(), "")->size(), 2u) << "one object a table";
  EXPECT_EQ(ReadDropRecords(store.get())->size(), 2u);
  EXPECT_EQ(*ReadDropRecord(store.get(), "db", "never"), Of("never", {}, 0));
  ASSERT_TRUE(RemoveDropRecord(store.get(), "db", "t").ok());
  EXPECT_EQ(*ReadDropRecord(store.get(), "db", "t"), Of("t", {}, 0));
  EXPECT_EQ(ReadDropRecord(store.get(), "db", "t2")->dropped_ns, 15);
}

TEST(DropRecord, ALaterDropKeepsNothingOfWhatARestoreKept) {
  const auto store = MakeMemoryStore();
  const PartitionKey hour{480'000};
  DropRecord of_restore = Of("t", {{"a", 9}}, 50);
  of_restore.kept = {{hour, {{"a", 5}}}};
  ASSERT_TRUE(PutDropRecord(Of("t", {{"a", 3}}, 70), store.get()).ok());
  ASSERT_TRUE(PutDropRecord(of_restore, store.get()).ok());
  EXPECT_FALSE(ReadDropRecord(store.get(), "db", "t")->Covers(hour, "a", 5)) << "clocks do not agree";
  EXPECT_TRUE(ReadDropRecord(store.get(), "db", "t")->Covers(hour, "a", 6));
  // It may stay beside the later one.
  const auto objects = *ListAll(store.get(), "");
  const std::string earlier = store->Get(objects.at(0).key)->content;
  ASSERT_TRUE(PutDropRecord(Of("t", {{"a", 10}}, 60), store.get()).ok());
  ASSERT_TRUE(PutObject(store.get(), objects.at(0).key, earlier).ok());
  EXPECT_TRUE(ReadDropRecord(store.get(), "db", "t")->Covers(hour, "a", 5));
}

TEST(DropRecord, NothingIsLostWhenAnEarlierOneCannotBeRemoved) {
  const auto store = std::make_shared<FaultStore>(MakeMemoryStore());
  ASSERT_TRUE(PutDropRecord(Of("t", {{"a", 5}}, 10), store.get()).ok());
  store->SetFaults([](FaultStore::Operation operation, const std::string&) {
    return operation == FaultStore::Operation::kRemove ? FaultStore::Outcome::kNotDone : FaultStore::Outcome::kDone;
  });
  EXPECT_FALSE(PutDropRecord(Of("t", {{"b", 7}}, 20), store.get()).ok());
  store->StopFailing();
  EXPECT_EQ(*ReadDropRecord(store.get(), "db", "t"), Of("t", {{"a", 5}, {"b", 7}}, 20));
}

}  // namespace
}  // namespace gigapi
