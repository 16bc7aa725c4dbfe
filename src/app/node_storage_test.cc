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

}  // namespace
}  // namespace gigapi
