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
  for (const char* json : {"", "{}", "[1]", "\xff"}) EXPECT_FALSE(DecodeDropRecord(json).ok()) << json;
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
