#include "lake/catalog_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "catalog/guarded_catalog.h"
#include "lake/lake.h"

namespace gigapi {
namespace {

class CatalogLockTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/gigapi_catalog_lock_XXXXXX";
    directory_ = mkdtemp(name);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string path(const std::string& name) const { return directory_ + "/" + name; }

  /// A lake with its log in one folder, and with its catalog and files in another.
  Result<std::unique_ptr<Lake>> OpenOver(const std::string& root, const std::string& folder) const {
    FileSystem* const disk = LocalFileSystem();
    return Lake::Open({.root = path(root), .layers = {MakeLocalLayer(disk, path(folder), {.name = "hot"})}}, disk);
  }

  std::string directory_;
};

TEST_F(CatalogLockTest, TwoRootsDoNotShareTheFolderOfALocalCatalog) {
  auto first = OpenOver("first", "hot");
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(KindOf(OpenOver("second", "hot").status()), ErrorKind::kUnavailable);
  EXPECT_EQ(KindOf(OpenOver("hot", "hot").status()), ErrorKind::kUnavailable) << "it may not be another one's root either";
  EXPECT_TRUE(OpenOver("third", "other").ok());
  ASSERT_TRUE((*first)->Close().ok());
  first->reset();
  EXPECT_TRUE(OpenOver("second", "hot").ok());
}

TEST_F(CatalogLockTest, WhatNodesShareNoProcessTakesForItself) {
  const auto shared = MakeLocalLayer(LocalFileSystem(), path("shared"), {.name = "hot", .is_global = true});
  ASSERT_TRUE(CheckOrMarkCatalog(shared->store(), {shared}).ok());
  EXPECT_EQ(KindOf(OpenOver("root", "shared").status()), ErrorKind::kConflict);
  EXPECT_EQ(KindOf(OpenOver("shared", "shared").status()), ErrorKind::kConflict);
}

TEST_F(CatalogLockTest, ARootIsNotLockedTwiceUnderAnotherName) {
  std::filesystem::create_directory(path("root"));
  std::filesystem::create_directory_symlink(path("root"), path("link"));
  EXPECT_TRUE(OpenOver("root", "root").ok());
  EXPECT_TRUE(OpenOver("root", "link").ok());
}

}  // namespace
}  // namespace gigapi
