#include "app/node_storage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "object_store/testing/fault_store.h"
#include "object_store/testing/memory_store.h"

namespace gigapi {
namespace {

using testing::HasSubstr;

/// A bucket whose keys only read.
LayerPtr ReadOnlyBucket(const std::string& name) {
  auto store = std::make_shared<FaultStore>(MakeMemoryStore());
  store->SetFaults([](FaultStore::Operation operation, const std::string&) {
    return operation == FaultStore::Operation::kCommit ? FaultStore::Outcome::kNotDone : FaultStore::Outcome::kDone;
  });
  return std::make_shared<const Layer>(LayerOptions{.name = name}, std::move(store), nullptr);
}
LayerPtr Bucket(const std::string& name) {
  return std::make_shared<const Layer>(LayerOptions{.name = name}, MakeMemoryStore(), nullptr);
}

TEST(NodeStorage, TriesTheBucketsThatItsModeWritesTo) {
  const NodeStorage storage{.layers = {Bucket("hot"), ReadOnlyBucket("cold")}};
  for (const char* mode : {"readonly", "writeonly"}) EXPECT_TRUE(ProbeWrites(mode, storage).ok()) << mode;
  for (const char* mode : {"aio", "compaction"}) {
    EXPECT_THAT(ProbeWrites(mode, storage).message(), HasSubstr("layer 'cold' cannot be written to")) << mode;
  }
  EXPECT_FALSE(ProbeWrites("writeonly", {.layers = {ReadOnlyBucket("hot"), Bucket("cold")}}).ok());
  EXPECT_TRUE(ListAll(storage.layers[0]->store(), "").ValueOrDie().empty()) << "nothing is left";
}

TEST(NodeStorage, KnowsOnePlaceUnderTwoAddresses) {
  const std::shared_ptr<ObjectStore> place = MakeMemoryStore();
  const auto layer = [](const std::string& name, const std::shared_ptr<ObjectStore>& store) {
    return std::make_shared<const Layer>(LayerOptions{.name = name}, store, nullptr);
  };
  const NodeStorage twice{.layers = {layer("hot", place), layer("warm", MakeMemoryStore()), layer("cold", place)}};
  for (const char* mode : {"aio", "compaction", "writeonly", "readonly"}) {
    const Status checked = CheckPlaces(mode, twice);
    EXPECT_EQ(KindOf(checked), ErrorKind::kInvalidArgument) << mode;
    EXPECT_THAT(checked.message(), HasSubstr("layers 'hot' and 'cold' are one place"));
  }
  const NodeStorage two{.layers = {layer("hot", place), layer("cold", MakeMemoryStore())}};
  for (const char* mode : {"readonly", "writeonly", "aio", "aio"}) EXPECT_TRUE(CheckPlaces(mode, two).ok()) << mode;
  EXPECT_TRUE(CheckPlaces("readonly", {.layers = {ReadOnlyBucket("hot"), ReadOnlyBucket("cold")}}).ok());
}

}  // namespace
}  // namespace gigapi
