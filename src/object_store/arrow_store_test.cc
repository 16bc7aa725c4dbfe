#include "object_store/arrow_store.h"

#include <arrow/filesystem/localfs.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/uuid.h"
#include "object_store/testing/store_conformance.h"

namespace gigapi {
namespace {

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
  const std::string root = folder.path + "/" + NewUuid();
  std::filesystem::create_directories(root);
  return MakeArrowStore(std::make_shared<arrow::fs::LocalFileSystem>(), root, "arrow");
}

const bool kRegistered =
    RegisterStoreChecks({.name = "ArrowStore", .make_empty = MakeOnDisk, .has_conditional_puts = false});

TEST(ArrowStore, IsMadeForGcsAndAzureWithoutAskingThem) {
  const auto azure = MakeAzureStore(ParseStoreUrl("abfs://container@account/lake").ValueOrDie(), "c2VjcmV0LWtleQ==");
  ASSERT_TRUE(azure.ok()) << azure.status().ToString();
  EXPECT_EQ((*azure)->Describe(), "abfs://container@account.dfs.core.windows.net/lake/");
}

}  // namespace
}  // namespace gigapi
