#include "object_store/cache/block_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <random>
#include <thread>

#include "base/uuid.h"

namespace gigapi {
namespace {

constexpr size_t kBlock = BlockCache::kBlockBytes;

std::string Bytes(size_t size, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

class BlockCacheTest : public testing::Test {
 protected:
  static constexpr BlockKey kKey{{1, 2}, 3};

  BlockCacheTest() : folder_(std::filesystem::temp_directory_path() / NewUuid()) { Make(4); }
  ~BlockCacheTest() override { std::filesystem::remove_all(folder_); }

  void Make(int64_t blocks) {
    cache_.reset();
    cache_ = BlockCache::Create(folder_.string(), blocks * static_cast<int64_t>(kBlock)).ValueOrDie();
  }
  void Write(size_t offset, size_t size) { cache_->Write(kKey, offset, std::string_view(content_).substr(offset, size)); }
  /// Whether bytes of the block are there; they are right then.
  bool Has(size_t offset, size_t size) {
    std::string out(size, '?');
    if (!cache_->Read(kKey, offset, size, out.data())) return false;
    EXPECT_TRUE(out == content_.substr(offset, size)) << offset << " " << size;
    return true;
  }

  /// The cache's file, which has no name.
  int Descriptor() const {
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code gone;
      const std::string target = std::filesystem::read_symlink(entry.path(), gone).string();
      if (!gone && target.starts_with(folder_.string() + "/")) return std::stoi(entry.path().filename().string());
    }
    return -1;
  }
  /// The first block of a cache lies where its file begins.
  void DamageByteOfFirstBlock(off_t offset) const {
    char byte = 0;
    ASSERT_EQ(::pread(Descriptor(), &byte, 1, offset), 1);
    byte = static_cast<char>(byte ^ 1);
    ASSERT_EQ(::pwrite(Descriptor(), &byte, 1, offset), 1);
  }

  const std::filesystem::path folder_;
  const std::string content_ = Bytes(kBlock, 1);
  std::unique_ptr<BlockCache> cache_;
};

TEST_F(BlockCacheTest, KeepsRunsBesideEachOther) {
  EXPECT_FALSE(Has(1'000, 500));
  Write(1'000, 500);
  Write(40'000, 900);
  Write(0, 10);
  EXPECT_TRUE(Has(1'000, 500));
  EXPECT_TRUE(Has(1'100, 100));
  EXPECT_TRUE(Has(40'000, 900));
  EXPECT_TRUE(Has(0, 10));
  EXPECT_FALSE(Has(999, 100));
  EXPECT_FALSE(Has(1'401, 100));
  EXPECT_FALSE(Has(0, kBlock));
  EXPECT_EQ(cache_->metrics().blocks, 1);
}

TEST_F(BlockCacheTest, JoinsRunsThatTouch) {
  Write(1'000, 500);
  Write(2'000, 500);
  EXPECT_FALSE(Has(1'200, 1'000));
  Write(1'400, 600);  // overlaps one and ends where the other begins
  EXPECT_TRUE(Has(1'000, 1'500));
  Write(0, kBlock);
  EXPECT_TRUE(Has(0, kBlock));
  EXPECT_TRUE(Has(kBlock - 100, 100));
}

TEST_F(BlockCacheTest, TakesAnyNumberOfPiecesOfABlock) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 500; ++i) {
    const size_t offset = random() % kBlock;
    const size_t size = 1 + random() % std::min<size_t>(kBlock - offset, 2'000);
    Write(offset, size);
    ASSERT_TRUE(Has(offset, size)) << "what came last is there";
  }
  EXPECT_EQ(cache_->metrics().failures_total, 0);
}

TEST_F(BlockCacheTest, ForgetsADamagedRunAlone) {
  Write(0, 1'000);
  Write(5'000, 1'000);
  DamageByteOfFirstBlock(5'500);
  EXPECT_FALSE(Has(5'000, 100)) << "also where the damage is not: the checksum is one of the run";
  EXPECT_TRUE(Has(0, 1'000));
  EXPECT_EQ(cache_->metrics().failures_total, 1);
  Write(5'000, 1'000);
  EXPECT_TRUE(Has(5'000, 1'000));
}

TEST_F(BlockCacheTest, ForgetsABlockWithItsLastRun) {
  Write(0, 1'000);
  DamageByteOfFirstBlock(10);
  EXPECT_FALSE(Has(0, 1'000));
  EXPECT_EQ(cache_->metrics().blocks, 0);
}

TEST_F(BlockCacheTest, DoesNotJoinADamagedRun) {
  Write(0, 1'000);
  Write(2'000, 1'000);
  DamageByteOfFirstBlock(10);
  Write(1'000, 1'000);
  EXPECT_FALSE(Has(0, 1'000));
  EXPECT_TRUE(Has(1'000, 1'000));
  EXPECT_TRUE(Has(2'000, 1'000));
}

TEST_F(BlockCacheTest, AnObjectThatIsWrittenAnewHasNothingOfTheOldOne) {
  cache_->Write(kKey, 0, Bytes(kBlock, 2));
  cache_->Replace(kKey, 100, content_.substr(100, 50));
  EXPECT_TRUE(Has(100, 50));
  EXPECT_FALSE(Has(0, 100));
  EXPECT_FALSE(Has(150, 100));
}

TEST_F(BlockCacheTest, NeverTakesMoreThanItWasGiven) {
  EXPECT_FALSE(BlockCache::Create(folder_.string(), 100).ok());
  std::mt19937_64 random(6);
  for (uint32_t i = 0; i < 2'000; ++i) {
    const size_t offset = random() % kBlock;
    cache_->Write({{1, 2}, static_cast<uint32_t>(random() % 20)}, offset, std::string_view(content_).substr(offset, 700));
    EXPECT_LE(cache_->metrics().blocks, 4);
  }
  EXPECT_GT(cache_->metrics().evictions_total, 0);
  struct stat file {};
  ASSERT_EQ(::fstat(Descriptor(), &file), 0);
  EXPECT_LE(file.st_size, static_cast<off_t>(4 * kBlock));
}

TEST_F(BlockCacheTest, IsEmptyAfterARestartAndLeavesNothingBehind) {
  Write(0, 1'000);
  EXPECT_TRUE(std::filesystem::is_empty(folder_)) << "its file has no name";
  Make(4);
  EXPECT_FALSE(Has(0, 1'000));
  EXPECT_EQ(cache_->metrics().blocks, 0);
}

TEST_F(BlockCacheTest, ThreadsReadAndWritePiecesOfTheSameBlocks) {
  std::atomic<int> wrong{0};
  std::vector<std::jthread> threads;
  for (uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937_64 random(t);
      for (int i = 0; i < 1'000; ++i) {
        const BlockKey key{{1, 2}, static_cast<uint32_t>(random() % 6)};
        const size_t offset = random() % kBlock;
        const size_t size = 1 + random() % std::min<size_t>(kBlock - offset, 5'000);
        const std::string_view bytes = std::string_view(content_).substr(offset, size);
        if (random() % 2 == 0) {
          cache_->Write(key, offset, bytes);
          continue;
        }
        std::string out(size, '?');
        if (cache_->Read(key, offset, size, out.data()) && out != bytes) ++wrong;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(cache_->metrics().failures_total, 0);
}

}  // namespace
}  // namespace gigapi
