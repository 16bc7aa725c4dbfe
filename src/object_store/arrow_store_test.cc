#include "object_store/arrow_store.h"

#include <arrow/filesystem/localfs.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <stdexcept>

#include "base/path.h"
#include "base/uuid.h"
#include "object_store/testing/store_conformance.h"

namespace gigapi {
namespace {

/// Makes the folders of a file, as those of buckets are there when they are needed.
class LocalBuckets final : public arrow::fs::LocalFileSystem {
 public:
  using arrow::fs::LocalFileSystem::OpenOutputStream;
  Result<std::shared_ptr<arrow::io::OutputStream>> OpenOutputStream(
      const std::string& path, const std::shared_ptr<const arrow::KeyValueMetadata>& metadata) override {
    ARROW_RETURN_NOT_OK(CreateDir(ParentOf(path), true));
    return arrow::fs::LocalFileSystem::OpenOutputStream(path, metadata);
  }
};

/// Arrow's own file system of the disk stands for those of GCS and Azure, which need their services.
Result<std::unique_ptr<ObjectStore>> MakeOnDisk() {
  struct Folder {
    const std::string path = testing::TempDir() + "/arrow_store_test." + NewUuid();
    ~Folder() {
      std::error_code ignored;
      std::filesystem::remove_all(path, ignored);
    }
  };
  static const Folder folder;
  const std::string bucket = folder.path + "/" + NewUuid();
  std::filesystem::create_directories(bucket);
  return MakeArrowStore(std::make_shared<LocalBuckets>(), {.bucket = bucket, .prefix = "pre/", .description = "arrow"});
}

/// What Arrow has for Azure does so.
class ThrowingBuckets final : public arrow::fs::LocalFileSystem {
 public:
  using arrow::fs::LocalFileSystem::GetFileInfo;
  Result<arrow::fs::FileInfo> GetFileInfo(const std::string&) override { throw std::runtime_error("no\r\nanswer"); }
  Result<arrow::fs::FileInfoVector> GetFileInfo(const arrow::fs::FileSelector&) override {
    throw std::runtime_error("PERMISSION_DENIED");
  }
};

TEST(ArrowStore, TurnsExceptionsIntoFailures) {
  const auto store = MakeArrowStore(std::make_shared<ThrowingBuckets>(), {.bucket = "bucket", .description = "where"});
  const Status failed = store->Head("a").status();
  EXPECT_EQ(KindOf(failed), ErrorKind::kUnavailable);
  EXPECT_EQ(failed.message(), "where: no  answer");
  EXPECT_EQ(KindOf(store->Probe()), ErrorKind::kForbidden);
}

/// Writes something else than it is given.
class DamagingBuckets final : public arrow::fs::LocalFileSystem {
 public:
  using arrow::fs::LocalFileSystem::OpenOutputStream;
  Result<std::shared_ptr<arrow::io::OutputStream>> OpenOutputStream(
      const std::string& path, const std::shared_ptr<const arrow::KeyValueMetadata>& metadata) override {
    ARROW_ASSIGN_OR_RAISE(auto stream, arrow::fs::LocalFileSystem::OpenOutputStream(path, metadata));
    return std::make_shared<DamagingStream>(std::move(stream));
  }

 private:
  class DamagingStream final : public arrow::io::OutputStream {
   public:
    explicit DamagingStream(std::shared_ptr<arrow::io::OutputStream> stream) : stream_(std::move(stream)) {}
    Status Write(const void* data, int64_t size) override {
      std::string damaged(static_cast<const char*>(data), static_cast<size_t>(size));
      damaged.back() ^= 1;
      return stream_->Write(damaged.data(), size);
    }
    Result<int64_t> Tell() const override { return stream_->Tell(); }
    Status Close() override { return stream_->Close(); }
    bool closed() const override { return stream_->closed(); }

   private:
    const std::shared_ptr<arrow::io::OutputStream> stream_;
  };
};

TEST(ArrowStore, CommitsNothingThatWasDamagedOnItsWay) {
  const std::string bucket = testing::TempDir() + "/arrow_store_test." + NewUuid();
  std::filesystem::create_directories(bucket);
  const auto store = MakeArrowStore(std::make_shared<DamagingBuckets>(), {.bucket = bucket, .description = "arrow"});
  EXPECT_EQ(KindOf(PutObject(store.get(), "a", "0123456789")), ErrorKind::kUnavailable);
  EXPECT_EQ(KindOf(store->Head("a").status()), ErrorKind::kNotFound);
  EXPECT_TRUE(std::filesystem::is_empty(bucket)) << "the temporary object is gone, too";
  std::filesystem::remove_all(bucket);
}

TEST(ArrowStore, ListsPagesByOneListing) {
  const auto store = MakeOnDisk().ValueOrDie();
  for (int i = 0; i < 25; ++i) ASSERT_TRUE(PutObject(store.get(), "db/" + std::to_string(i), "x").ok());
  const auto pages = [&] {
    std::string start_after;
    size_t objects = 0;
    int64_t pages = 0;
    do {
      const ObjectPage page = store->List("db/", start_after, 3).ValueOrDie();
      objects += page.objects.size();
      start_after = page.next_start_after;
      ++pages;
    } while (!start_after.empty());
    EXPECT_EQ(pages, 9);
    return objects;
  };
  const int64_t before = store->metrics().list_requests_total;
  EXPECT_EQ(pages(), 25U);
  EXPECT_EQ(store->metrics().list_requests_total, before + 1);
  ASSERT_TRUE(store->Remove("db/1").ok());
  ASSERT_TRUE(PutObject(store.get(), "db/1", "new").ok());
  ASSERT_TRUE(PutObject(store.get(), "db/25", "new").ok());
  EXPECT_EQ(pages(), 26U) << "each walk begins with a new one";
}

const bool kRegistered =
    RegisterStoreChecks({.name = "ArrowStore", .make_empty = MakeOnDisk, .has_conditional_puts = false});

}  // namespace
}  // namespace gigapi
