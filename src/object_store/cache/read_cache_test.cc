#include "object_store/cache/read_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>

#include "object_store/cache/range_reads.h"
#include "object_store/testing/fault_store.h"
#include "object_store/testing/memory_store.h"

namespace gigapi {
namespace {

constexpr size_t kBlock = BlockCache::kBlockBytes;

std::string Bytes(size_t size, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

std::string Read(const ReadableFile& file, uint64_t offset, size_t size) {
  std::string out(size, '?');
  const auto read = file.ReadAt(offset, size, out.data());
  return read.ok() ? out.substr(0, *read) : read.status().ToString();
}

class ReadCacheTest : public testing::Test {
 protected:
  ReadCacheTest() { Make({.directory = testing::TempDir(), .disk_bytes_max = 64 * kBlock, .tail_bytes = 1'000}); }

  void Make(ReadCacheOptions options) { cache_ = ReadCache::Create(std::move(options)).ValueOrDie(); }
  std::shared_ptr<ReadableFile> Open(const std::string& key) {
    return cache_->Open(&store_, key, store_.Head(key).ValueOrDie().size_bytes, counters_);
  }
  std::string Put(const std::string& key, size_t size, uint64_t seed) {
    std::string content = Bytes(size, seed);
    EXPECT_TRUE(PutObject(&store_, key, content).ok());
    return content;
  }

  FaultStore store_{MakeMemoryStore()};
  std::unique_ptr<ReadCache> cache_;
  std::shared_ptr<ReadCounters> counters_ = std::make_shared<ReadCounters>();
};

TEST_F(ReadCacheTest, FetchesJustWhatIsWantedAndOnce) {
  const std::string content = Put("a", 10 * kBlock, 1);
  const auto file = Open("a");
  EXPECT_EQ(Read(*file, 100, 3 * kBlock), content.substr(100, 3 * kBlock));
  EXPECT_EQ(counters_->requests, 1);
  EXPECT_EQ(counters_->fetched_bytes, 3 * kBlock);
  EXPECT_EQ(Read(*file, 100, 3 * kBlock), content.substr(100, 3 * kBlock));
  EXPECT_EQ(Read(*Open("a"), kBlock + 5, 77), content.substr(kBlock + 5, 77));
  EXPECT_EQ(counters_->requests, 1);
  EXPECT_EQ(counters_->disk_bytes, 3 * kBlock + 77);
  // A part of a block that is not here: the read asks for that block alone.
  EXPECT_EQ(Read(*file, 0, 2 * kBlock), content.substr(0, 2 * kBlock));
  EXPECT_EQ(counters_->requests, 2);
  EXPECT_EQ(counters_->fetched_bytes, 4 * kBlock);
  EXPECT_EQ(counters_->wanted_bytes, 8 * kBlock + 77);
}

/// As queries do that alternate between columns of a file.
TEST_F(ReadCacheTest, PiecesOfABlockDoNotDriveEachOtherOut) {
  const std::string content = Put("a", 3 * kBlock, 10);
  const auto file = Open("a");
  for (int round = 0; round < 3; ++round) {
    for (size_t at = 100; at + 5'000 < kBlock; at += 10'000) {
      EXPECT_EQ(Read(*file, at, 5'000), content.substr(at, 5'000));
    }
    EXPECT_EQ(counters_->requests, 7);
    EXPECT_EQ(counters_->fetched_bytes, 7 * 5'000);
  }
}

TEST_F(ReadCacheTest, ReadsAnythingOfAnyObject) {
  std::mt19937_64 random(7);
  const std::vector<size_t> sizes = {0, 1, 999, 1'000, 1'001, kBlock, kBlock + 1, 5 * kBlock - 1, 9 * kBlock + 500};
  std::vector<std::string> contents;
  for (size_t i = 0; i < sizes.size(); ++i) contents.push_back(Put("o" + std::to_string(i), sizes[i], i));
  Make({.directory = testing::TempDir(),
        .disk_bytes_max = 8 * kBlock,  // so that blocks have to go all the time
        .memory_bytes_max = 5'000,
        .tail_bytes = 1'000,
        .ranges = {.gap_bytes_max = kBlock, .request_bytes_max = 100'000}});
  for (int i = 0; i < 2'000; ++i) {
    const size_t object = random() % contents.size();
    const std::string& content = contents[object];
    const uint64_t offset = random() % (content.size() + 10);
    const size_t size = random() % (random() % 2 == 0 ? 3'000 : 5 * kBlock);
    const std::string expected = offset < content.size() ? content.substr(offset, size) : "";
    ASSERT_TRUE(Read(*Open("o" + std::to_string(object)), offset, size) == expected)
        << object << " " << offset << " " << size;
  }
  EXPECT_GT(cache_->block_metrics().evictions_total, 0);
  EXPECT_LE(cache_->block_metrics().blocks, 8);
  EXPECT_EQ(cache_->block_metrics().failures_total, 0);
  EXPECT_LE(cache_->memory_bytes(), 5'000);
  EXPECT_EQ(counters_->wanted_bytes, cache_->counters().wanted_bytes);
}

TEST_F(ReadCacheTest, KeepsEndsInMemory) {
  const std::string content = Put("a.parquet", 10 * kBlock, 2);
  const auto file = Open("a.parquet");
  EXPECT_EQ(Read(*file, content.size() - 8, 8), content.substr(content.size() - 8));
  EXPECT_EQ(Read(*file, content.size() - 700, 692), content.substr(content.size() - 700, 692));
  EXPECT_EQ(Read(*Open("a.parquet"), content.size() - 1'000, 1'000), content.substr(content.size() - 1'000));
  EXPECT_EQ(counters_->requests, 1);
  EXPECT_EQ(counters_->fetched_bytes, 1'000);
  EXPECT_EQ(counters_->memory_bytes, 8 + 692 + 1'000 - 8);
  EXPECT_EQ(counters_->disk_bytes, 0);
}

TEST_F(ReadCacheTest, HasWhatWasJustWritten) {
  const std::string content = Bytes(3 * kBlock + 1'234, 3);
  const auto writer = cache_->Write(&store_, "a").ValueOrDie();
  for (size_t at = 0; at < content.size(); at += 700) ASSERT_TRUE(writer->Append(content.substr(at, 700)).ok());
  ASSERT_TRUE(writer->Commit().ok());
  EXPECT_EQ(store_.Get("a").ValueOrDie().content, content);
  const auto file = Open("a");
  EXPECT_TRUE(Read(*file, 0, content.size()) == content);
  EXPECT_EQ(Read(*file, content.size() - 8, 8), content.substr(content.size() - 8));
  EXPECT_EQ(counters_->requests, 0);
}

TEST_F(ReadCacheTest, DoesNotKeepWhatWasNotCommitted) {
  { ASSERT_TRUE(cache_->Write(&store_, "a").ValueOrDie()->Append(Bytes(2 * kBlock, 4)).ok()); }
  const std::string other = Bytes(2 * kBlock, 5);
  const auto writer = cache_->Write(&store_, "a").ValueOrDie();
  ASSERT_TRUE(writer->Append(other).ok());
  ASSERT_TRUE(writer->Commit().ok());
  EXPECT_TRUE(Read(*Open("a"), 0, other.size()) == other);
}

TEST_F(ReadCacheTest, TellsFailuresAndReadsAfterThem) {
  const std::string content = Put("a", 10 * kBlock, 6);
  const auto file = Open("a");
  store_.SetFaults([](FaultStore::Operation operation, const std::string&) {
    return operation == FaultStore::Operation::kRead ? FaultStore::Outcome::kNotDone : FaultStore::Outcome::kDone;
  });
  EXPECT_FALSE(file->ReadAt(0, 10, std::string(10, ' ').data()).ok());
  EXPECT_FALSE(file->ReadAt(content.size() - 8, 8, std::string(8, ' ').data()).ok());
  store_.StopFailing();
  EXPECT_EQ(Read(*file, 0, 10), content.substr(0, 10));
  EXPECT_EQ(Read(*file, content.size() - 8, 8), content.substr(content.size() - 8));
  const auto too_long = cache_->Open(&store_, "a", content.size() + 5, nullptr);
  EXPECT_FALSE(too_long->ReadAt(content.size() - 2, 7, std::string(7, ' ').data()).ok()) << "shorter than the catalog says";
}

TEST_F(ReadCacheTest, WorksWithoutADisk) {
  Make({.directory = "", .disk_bytes_max = 0, .tail_bytes = 100, .ranges = {.request_bytes_max = kBlock}});
  const std::string content = Put("a", 10 * kBlock, 8);
  EXPECT_TRUE(Read(*Open("a"), 10, 8 * kBlock) == content.substr(10, 8 * kBlock));
  EXPECT_EQ(counters_->requests, 8) << "several at a time";
}

/// Threads that want the same block at the same time: one asks for it.
TEST_F(ReadCacheTest, FetchesOnceForAll) {
  const std::string content = Put("a", 20 * kBlock, 9);
  const auto file = Open("a");
  std::mutex mutex;
  std::condition_variable changed;
  int arrived = 0;
  bool go = false;
  store_.SetFaults([&](FaultStore::Operation operation, const std::string&) {
    if (operation == FaultStore::Operation::kRead) {
      std::unique_lock lock(mutex);
      ++arrived;
      changed.notify_all();
      changed.wait(lock, [&] { return go; });
    }
    return FaultStore::Outcome::kDone;
  });
  std::atomic<int> wrong{0};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { wrong += Read(*file, 3 * kBlock, 100) == content.substr(3 * kBlock, 100) ? 0 : 1; });
  }
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return arrived > 0; });
    go = true;
    changed.notify_all();
  }
  threads.clear();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(counters_->requests, 1);
}

/// Whatever the order in which threads brought the pieces.
TEST_F(ReadCacheTest, HasAllThatThreadsReadAtTheSameTime) {
  const std::string content = Put("a", 4 * kBlock, 11);
  const size_t size = content.size() - 1'000;  // but for the end
  for (int round = 0; round < 20; ++round) {
    Make({.directory = testing::TempDir(), .disk_bytes_max = 64 * kBlock, .tail_bytes = 1'000});
    std::vector<std::jthread> threads;
    for (size_t t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (size_t at = t * 9'000; at < size; at += 36'000) (void)Read(*Open("a"), at, std::min<size_t>(9'000, size - at));
      });
    }
    threads.clear();
    const int64_t requests = counters_->requests;
    EXPECT_TRUE(Read(*Open("a"), 0, size) == content.substr(0, size));
    EXPECT_EQ(counters_->requests, requests);
  }
}

TEST_F(ReadCacheTest, ServesThreadsThatReadAndWriteTogether) {
  std::vector<std::string> contents;
  for (int i = 0; i < 4; ++i) contents.push_back(Put("o" + std::to_string(i), 6 * kBlock + 100, 20 + i));
  Make({.directory = testing::TempDir(), .disk_bytes_max = 10 * kBlock, .memory_bytes_max = 3'000, .tail_bytes = 500});
  store_.FailAtRandom(0.05, 3);
  std::atomic<int> wrong{0};
  std::atomic<int> good{0};
  std::vector<std::jthread> threads;
  for (uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937_64 random(t);
      for (int i = 0; i < 300; ++i) {
        const size_t object = random() % contents.size();
        const std::string& content = contents[object];
        const auto file = cache_->Open(&store_, "o" + std::to_string(object), content.size(), nullptr);
        const uint64_t offset = random() % content.size();
        std::string out(random() % (3 * kBlock), '?');
        const auto read = file->ReadAt(offset, out.size(), out.data());
        if (!read.ok()) continue;
        ++good;
        if (content.compare(offset, *read, out, 0, *read) != 0) ++wrong;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(good, 600);
}

TEST(ReadRanges, ReadsEachToItsPlace) {
  const auto store = MakeMemoryStore();
  const std::string content = Bytes(100'000, 12);
  ASSERT_TRUE(PutObject(store.get(), "a", content).ok());
  const auto file = store->Open("a", content.size()).ValueOrDie();
  std::mt19937_64 random(3);
  for (const RangePolicy& policy : {RangePolicy{}, RangePolicy{.gap_bytes_max = 0, .request_bytes_max = 1'000},
                                    RangePolicy{.gap_bytes_max = 500, .request_bytes_max = 7'000}}) {
    std::vector<std::string> places;
    std::vector<RangeRead> reads;
    for (int i = 0; i < 30; ++i) places.emplace_back(random() % 5'000, '?');
    for (std::string& place : places) reads.push_back({random() % (content.size() - 5'000), place.size(), place.data()});
    ASSERT_TRUE(ReadRanges(*file, reads, policy, 3).ok());
    for (size_t i = 0; i < reads.size(); ++i) EXPECT_EQ(places[i], content.substr(reads[i].offset, reads[i].size)) << i;
  }
  std::string out(10, '?');
  EXPECT_FALSE(ReadRanges(*file, {{99'995, 10, out.data()}}, {}, 3).ok());
}

}  // namespace
}  // namespace gigapi
