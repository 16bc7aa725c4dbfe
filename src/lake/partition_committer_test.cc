#include "lake/partition_committer.h"

#include <gtest/gtest.h>

#include "catalog/store_catalog.h"
#include "object_store/testing/memory_store.h"

namespace gigapi {
namespace {

class PartitionCommitterTest : public testing::Test {
 protected:
  std::shared_ptr<Partition> MakePartition() {
    const std::lock_guard lock(state_.mutex);
    return Pin(state_.EnsurePartition(*state_.EnsureTable("db", "t"), {1}));
  }
  DataFilePtr MakeFile(const Partition& partition, const std::string& name) const {
    DataFile file;
    file.id = NewDataFileId();
    file.layer = layer_;
    file.key = partition.path + "/" + name;
    file.partition = partition.key;
    return std::make_shared<const DataFile>(std::move(file));
  }
  static PartitionCommitter::MakeEdit Add(DataFilePtr file, uint64_t sequence) {
    return [file, sequence](PartitionEdit* edit) {
      edit->files.push_back(file);
      edit->flushed_sequence = sequence;
      return Status::OK();
    };
  }

  const std::shared_ptr<ObjectStore> store_ = MakeMemoryStore();
  const LayerPtr layer_ = std::make_shared<const Layer>(LayerOptions{.name = "s3", .is_global = true}, store_, nullptr);
  const std::unique_ptr<Catalog> catalog_ = MakeStoreCatalog(store_, {layer_}, "a", {});
  LakeState state_;
  Admission admission_{1 << 20, 1 << 20, 1'000};
  PartitionCommitter committer_{
      catalog_.get(), &state_, &admission_, "a", 0, [] { return Status::OK(); }, [] { return Status::OK(); }};
};

TEST_F(PartitionCommitterTest, APartitionOfADroppedTableDoesNotTakeOverFilesOfTheNextOne) {
  const auto old = MakePartition();
  ASSERT_TRUE(committer_.Commit(old.get(), Add(MakeFile(*old, "1.parquet"), 1), nullptr).ok());
  ASSERT_TRUE(catalog_->RemoveMetadata(old->table->path).ok());
  {
    const std::lock_guard lock(state_.mutex);
    state_.ForgetTable("db", "t");
  }
  const auto next = MakePartition();
  ASSERT_TRUE(committer_.Commit(next.get(), Add(MakeFile(*next, "2.parquet"), 2), nullptr).ok());
  ASSERT_TRUE(committer_.Refresh(old.get()).ok());
  EXPECT_TRUE(old->files.empty()) << "they would be removed with what the dropped table has";
  ASSERT_TRUE(committer_.Refresh(next.get()).ok());
  EXPECT_EQ(next->files.size(), 1u);
}

}  // namespace
}  // namespace gigapi
