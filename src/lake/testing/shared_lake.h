// What tests of several lakes over one catalog and one layer have in common; both lie in a store that can fail.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "lake/testing/lake_rows.h"
#include "object_store/testing/fault_store.h"
#include "object_store/testing/memory_store.h"

namespace gigapi {

/// Tells nothing until it is cancelled, but that it does not know what changed.
class SilentFeed final : public ChangeFeed {
 public:
  /// The next time it is asked.
  void Forget() {
    const std::lock_guard lock(mutex_);
    forgot_ = true;
    changed_.notify_all();
  }
  /// Until whoever asks it has looked at everything.
  void ForgetAndWait() {
    Forget();
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !forgot_ && knows_all_; });
  }
  Result<ChangePage> Since(const std::string&, size_t) override {
    const std::lock_guard lock(mutex_);
    knows_all_ = !forgot_;
    changed_.notify_all();
    return ChangePage{.complete = !std::exchange(forgot_, false)};
  }
  Result<bool> AwaitChange(const std::string&, int64_t) override {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return cancelled_ || forgot_; });
    if (cancelled_) return Error(ErrorKind::kCancelled, "cancelled");
    return true;
  }
  void Cancel() override {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool cancelled_ = false;
  bool forgot_ = false;
  bool knows_all_ = false;
};

class SharedLake : public testing::Test {
 protected:
  LakeOptions NodeOptions() const {
    LakeOptions options = Options();
    options.layers = {layer_};
    options.shared_catalog = store_;
    return options;
  }
  std::unique_ptr<Lake> OpenNode(FileSystem* disk) const { return Open(disk, NodeOptions()); }

  /// What a node sees that starts now.
  Ids VisibleToANewNode() const {
    FaultFileSystem disk;
    const auto lake = OpenNode(&disk);
    return lake ? VisibleTo(lake.get()) : Ids();
  }

  static std::string NodeOf(FileSystem* disk) { return *ReadWholeFile(disk, Options().root + "/.gigapi/node"); }

  /// What a node asks of another one that may have rows of what is dropped.
  static auto DropRowsOf(Lake* other) {
    return [other](const std::string& database, const std::string& table) -> Result<WalSequences> {
      ARROW_ASSIGN_OR_RAISE(const uint64_t dropped_up_to, other->DropRows(database, table));
      return WalSequences{{other->node(), dropped_up_to}};
    };
  }

  /// Rows 1 and 2 of `a`, in a file each, which `b` replaces by nothing; then row 3 of `a`, whose commit meets that.
  static void ReplaceBetweenFlushes(Lake* a, Lake* b) {
    for (const int64_t id : {1, 2}) {
      ASSERT_TRUE(WriteAndWait(a, Rows("t", {id})).ok());
      ASSERT_TRUE(a->FlushAll().ok());
    }
    while (VisibleTo(b) != Ids{1, 2}) std::this_thread::yield();
    {
      const PartitionFiles partition = b->ListPartitions().at(0);
      ASSERT_TRUE(b->ReplaceFiles(partition, partition.files, {}).ok());
    }
    ASSERT_TRUE(WriteAndWait(a, Rows("t", {3})).ok());
    ASSERT_TRUE(a->FlushAll().ok());
  }

  int64_t CountDataFiles(const std::string& prefix) const {
    return std::ranges::count_if(*ListAll(store_.get(), prefix),
                                 [](const ObjectInfo& object) { return object.key.ends_with(".parquet"); });
  }

  const std::shared_ptr<FaultStore> store_ = std::make_shared<FaultStore>(MakeMemoryStore());
  const LayerPtr layer_ = std::make_shared<const Layer>(LayerOptions{.name = "bucket", .is_global = true}, store_, nullptr);
};

}  // namespace gigapi
