#include "object_store/local_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/clock.h"
#include "base/testing/fault_file_system.h"
#include "base/uuid.h"
#include "object_store/testing/fault_store.h"
#include "object_store/testing/memory_store.h"
#include "object_store/testing/store_conformance.h"

namespace gigapi {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// A store and the folder that goes with it.
class TemporaryLocalStore final {
 public:
  static Result<std::unique_ptr<ObjectStore>> Make() {
    static const TemporaryLocalStore parent;
    return MakeLocalStore(LocalFileSystem(), parent.root_ + "/" + NewUuid());
  }
  ~TemporaryLocalStore() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }

 private:
  const std::string root_ = testing::TempDir() + "/local_store_test." + NewUuid();
};

const bool kRegistered = RegisterStoreChecks({"LocalStore", TemporaryLocalStore::Make}) &&
                         RegisterStoreChecks({"MemoryStore", [] { return MakeMemoryStore(); }}) &&
                         RegisterStoreChecks({"FaultStoreWithoutFaults", []() -> Result<std::unique_ptr<ObjectStore>> {
                                                return std::make_unique<FaultStore>(MakeMemoryStore());
                                              }});

std::vector<std::string> Keys(ObjectStore* store) {
  std::vector<std::string> keys;
  for (const ObjectInfo& object : ListAll(store, "").ValueOrDie()) keys.push_back(object.key);
  return keys;
}

/// Whenever the machine dies, an object is there as a whole or not at all, and is there once its commit was answered.
TEST(LocalStoreCrash, LeavesWholeObjectsOnly) {
  FaultFileSystem disk;
  std::vector<std::unique_ptr<FaultFileSystem>> crashes;
  const auto store = MakeLocalStore(&disk, "/data/layer");
  const std::string content(20'000, 'x');
  disk.CollectCrashes(&crashes);
  ASSERT_TRUE(PutObject(store.get(), "db/t/first", content).ok());
  const size_t crashes_before_answer = crashes.size();
  ASSERT_TRUE(PutObject(store.get(), "db/t/second", content).ok());
  disk.CollectCrashes(nullptr);
  crashes.push_back(disk.Crash());
  ASSERT_GT(crashes.size(), crashes_before_answer + 5);
  for (size_t i = 0; i < crashes.size(); ++i) {
    const auto after = MakeLocalStore(crashes[i].get(), "/data/layer");
    for (const std::string& key : Keys(after.get())) {
      EXPECT_TRUE(after->Get(key).ValueOrDie().content == content) << "crash " << i << " " << key;
    }
    if (i >= crashes_before_answer) {
      EXPECT_TRUE(after->Head("db/t/first").ok()) << "crash " << i;
    }
    ASSERT_TRUE(after->RemoveUnfinished(WallNanos() + kNanosPerHour).ok());
    for (const std::string& name : crashes[i]->List("/data/layer/db/t").ValueOrDie()) {
      EXPECT_FALSE(name.ends_with(".tmp")) << "crash " << i;
    }
  }
  EXPECT_THAT(Keys(MakeLocalStore(crashes.back().get(), "/data/layer").get()), ElementsAre("db/t/first", "db/t/second"));
}

TEST(LocalStoreCrash, ReplacesUnderAConditionAtOnce) {
  FaultFileSystem disk;
  std::vector<std::unique_ptr<FaultFileSystem>> crashes;
  const auto store = MakeLocalStore(&disk, "/data");
  const auto first = store->PutIfAbsent("c/catalog.json", "old");
  ASSERT_TRUE(first.ok());
  disk.CollectCrashes(&crashes);
  ASSERT_TRUE(store->PutIfVersion("c/catalog.json", "new", *first).ok());
  disk.CollectCrashes(nullptr);
  ASSERT_GT(crashes.size(), 3U);
  for (const auto& crash : crashes) {
    EXPECT_THAT(MakeLocalStore(crash.get(), "/data")->Get("c/catalog.json").ValueOrDie().content,
                testing::AnyOf("old", "new"));
  }
  EXPECT_EQ(MakeLocalStore(disk.Crash().get(), "/data")->Get("c/catalog.json").ValueOrDie().content, "new");
}

TEST(LocalStore, FailsWithTheDiskAndLeavesNothing) {
  using Operation = FaultFileSystem::Operation;
  for (const auto operation : {Operation::kWrite, Operation::kSync, Operation::kRename}) {
    FaultFileSystem disk;
    const auto store = MakeLocalStore(&disk, "/data");
    ASSERT_TRUE(PutObject(store.get(), "a/before", "x").ok());
    disk.Fail(operation, 1);
    const Status failed = PutObject(store.get(), "a/b", "content");
    ASSERT_FALSE(failed.ok());
    EXPECT_EQ(KindOf(failed), ErrorKind::kUnavailable);
    EXPECT_THAT(disk.List("/data/a").ValueOrDie(), ElementsAre("before"));
    EXPECT_TRUE(PutObject(store.get(), "a/b", "content").ok());
  }
}

TEST(LocalStore, MakesAFolderAgainThatWasRemovedMeanwhile) {
  FaultFileSystem disk;
  const auto store = MakeLocalStore(&disk, "/data");
  ASSERT_TRUE(PutObject(store.get(), "a/b", "x").ok());
  ASSERT_TRUE(store->Remove("a/b").ok());
  ASSERT_TRUE(disk.RemoveDirectory("/data/a").ok());
  ASSERT_TRUE(PutObject(store.get(), "a/c", "y").ok());
  EXPECT_THAT(Keys(MakeLocalStore(disk.Crash().get(), "/data").get()), ElementsAre("a/c"));
}

TEST(LocalStore, KeepsItsLockOutOfSight) {
  const auto store = TemporaryLocalStore::Make().ValueOrDie();
  ASSERT_TRUE(store->PutIfAbsent("a", "x").ok());
  EXPECT_THAT(Keys(store.get()), ElementsAre("a"));
  EXPECT_FALSE(store->Remove(".store.lock").ok());
  EXPECT_EQ(store->RemoveUnfinished(WallNanos() + kNanosPerHour).ValueOrDie(), 0);
}

TEST(FaultStore, FailsBeforeOrAfterTheWork) {
  FaultStore store(MakeMemoryStore());
  using Operation = FaultStore::Operation;
  using Outcome = FaultStore::Outcome;
  store.SetFaults([](Operation operation, const std::string& key) {
    if (operation != Operation::kCommit) return Outcome::kDone;
    return key == "lost" ? Outcome::kAnswerLost : Outcome::kNotDone;
  });
  EXPECT_FALSE(PutObject(&store, "lost", "x").ok());
  EXPECT_FALSE(PutObject(&store, "failed", "x").ok());
  EXPECT_THAT(Keys(&store), ElementsAre("lost"));
  store.FailAtRandom(0.5, 7);
  int failures = 0;
  for (int i = 0; i < 200; ++i) failures += store.Head("lost").ok() ? 0 : 1;
  EXPECT_THAT(failures, testing::AllOf(testing::Gt(60), testing::Lt(140)));
  store.StopFailing();
  EXPECT_TRUE(store.Head("lost").ok());
}

TEST(ObjectKey, LimitsLengths) {
  EXPECT_TRUE(CheckObjectKey(std::string(200, 'x')).ok());
  EXPECT_FALSE(CheckObjectKey(std::string(201, 'x')).ok());
  std::string key(100, 'x');
  while (key.size() < 880) key += "/" + std::string(100, 'x');
  EXPECT_FALSE(CheckObjectKey(key).ok());
}

}  // namespace
}  // namespace gigapi
