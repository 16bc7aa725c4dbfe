// What tests of healing have in common.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "catalog/catalog_key.h"
#include "lake/testing/falling_feed.h"
#include "lake/testing/lake_rows.h"
#include "maintenance/heal_service.h"
#include "maintenance/merge_service.h"
#include "object_store/testing/fault_store.h"
#include "object_store/testing/memory_store.h"

namespace gigapi {

/// A lake whose only layer and catalog are a store, which forgets.
class HealServiceTest : public testing::Test {
 protected:
  HealServiceTest() { OpenLake(); }

  void OpenLake() {
    LakeOptions options = Options();
    options.layers = {layer_};
    options.shared_catalog = store_;
    options.catalog_feed = feed_ = std::make_shared<FallingFeed>(falls_);
    options.drop_delay_ms = 3'600'000;
    options.flush_interval_ms = flush_interval_ms_;
    options.durability = durability_;
    lake_ = Open(&disk_, options);
    heals_ = HealService::Make(lake_.get(), Sources());
  }
  void Stop() {
    // What the lake knows is kept by then.
    while (lake_->FallsOfCatalog() == 0 && durability_ != Durability::kNone && !*disk_.Exists(kPositionPath)) {
      std::this_thread::yield();
    }
    heals_.reset();
    lake_.reset();
  }
  void Restart() {
    Stop();
    OpenLake();
  }
  /// While the lake does not run.
  void FallBackAndStart(const std::function<void()>& forget) {
    Stop();
    forget();
    ++*falls_;
    OpenLake();
    EXPECT_GT(lake_->FallsOfCatalog(), 0u);
  }
  /// While it does.
  void FallBack(const std::function<void()>& forget) {
    forget();
    feed_->FallBack();
    while (lake_->FallsOfCatalog() == 0) std::this_thread::yield();
  }
  /// As at some instant.
  std::map<std::string, std::string> CatalogNow() {
    std::map<std::string, std::string> catalog;
    for (const ObjectInfo& object : *ListAll(store_.get(), "")) {
      if (ParseCatalogKey(object.key)) catalog[object.key] = store_->Get(object.key)->content;
    }
    return catalog;
  }
  void ForgetSince(const std::map<std::string, std::string>& catalog) {
    for (const auto& [key, content] : CatalogNow()) {
      if (!catalog.contains(key)) {
        EXPECT_TRUE(store_->Remove(key).ok());
      }
    }
    for (const auto& [key, content] : catalog) EXPECT_TRUE(PutObject(store_.get(), key, content).ok());
  }
  void MergeAll() {
    const auto merges = MergeService::Start(lake_.get(), {.enabled = false});
    const PartitionFiles hour = lake_->ListPartitions().at(0);
    int level = 1;
    for (const DataFilePtr& file : hour.files) level = std::max(level, file->level);
    ASSERT_TRUE(merges->Merge(hour, {.inputs = hour.files, .output_level = level + 1}).ok());
  }
  /// As the drop queue does after a while.
  void RemoveFilesBut(const std::vector<DataFilePtr>& kept) {
    for (const ObjectInfo& object : *ListAll(store_.get(), "db/")) {
      const bool is_kept = std::ranges::any_of(kept, [&](const DataFilePtr& file) { return file->key == object.key; });
      if (object.key.ends_with(".parquet") && !is_kept) {
        EXPECT_TRUE(store_->Remove(object.key).ok());
      }
    }
  }
  RepairSources Sources() const { return {.layers = {layer_}, .catalog_store = store_}; }

  void WriteAndFlush(const std::vector<int64_t>& ids) {
    ASSERT_TRUE(WriteAndWait(lake_.get(), Rows("t", ids)).ok());
    ASSERT_TRUE(lake_->FlushAll().ok());
  }
  void Write(const std::vector<int64_t>& ids) { ASSERT_TRUE(WriteAndWait(lake_.get(), Rows("t", ids)).ok()); }
  /// Of rows that are flushed with the next ones.
  void FillASegmentOfTheLog() {
    std::vector<int64_t> ids(6'000);
    std::iota(ids.begin(), ids.end(), 0);
    ASSERT_TRUE(WriteAndWait(lake_.get(), Rows("u", ids)).ok());
  }
  std::string HourKey() { return MetadataKey(lake_->ListPartitions().at(0).path); }
  std::string Hour() { return store_->Get(HourKey())->content; }
  void FallBackTo(const std::string& content) { ASSERT_TRUE(PutObject(store_.get(), HourKey(), content).ok()); }

  /// What the catalog says.
  Ids Listed() {
    FaultFileSystem disk;
    LakeOptions options = Options();
    options.layers = {layer_};
    options.shared_catalog = store_;
    const auto other = Open(&disk, options);
    Ids ids;
    for (const PartitionFiles& partition : other->ListPartitions()) {
      if (partition.table != "t") continue;
      for (const DataFilePtr& file : partition.files) AddIdsOf(*OpenDataFile(*file), file->rows, &ids);
    }
    return ids;
  }

  /// As a query does for which another node says that it knows more.
  void LookAtTheCatalog() {
    const PartitionKey hour = lake_->ListPartitions().at(0).partition;
    const BufferedRows other{.node = "other", .partitions = {{.partition = hour, .flushed_sequence = 1'000, .chunks = {}}}};
    ASSERT_TRUE(lake_->SnapshotWith("db", "t", {other}).ok());
  }
  /// Rows of the node itself, in memory and in files.
  Ids Seen() {
    Ids ids = Listed();
    AddBufferedIds(*lake_->Snapshot()->databases.at("db").at("t"), &ids);
    return ids;
  }

  static constexpr char kPositionPath[] = "/data/.gigapi/catalog_position";

  FaultFileSystem disk_;
  int64_t flush_interval_ms_ = 3'600'000;
  Durability durability_ = Durability::kFsync;
  const std::shared_ptr<int> falls_ = std::make_shared<int>(0);
  std::shared_ptr<FallingFeed> feed_;
  const std::shared_ptr<FaultStore> store_ = std::make_shared<FaultStore>(MakeMemoryStore());
  const LayerPtr layer_ = std::make_shared<const Layer>(LayerOptions{.name = "s3", .is_global = true}, store_, nullptr);
  std::unique_ptr<Lake> lake_;
  std::unique_ptr<HealService> heals_;
};

}  // namespace gigapi
