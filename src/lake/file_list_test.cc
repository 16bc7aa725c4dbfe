#include "lake/file_list.h"

#include <gtest/gtest.h>

namespace gigapi {
namespace {

DataFilePtr File(uint64_t id) {
  auto file = std::make_shared<DataFile>();
  file->id = id;
  return file;
}

std::vector<uint64_t> IdsOf(const FileList& list) {
  std::vector<uint64_t> ids;
  for (const DataFilePtr& file : list) ids.push_back(file->id);
  return ids;
}

TEST(FileList, GoesThroughItsBlocks) {
  FileList list{File(1), File(2)};
  list.Append(std::make_shared<const std::vector<DataFilePtr>>());
  list.push_back(File(3));
  list.Append(std::make_shared<const std::vector<DataFilePtr>>(std::vector<DataFilePtr>{File(4), File(5)}));
  EXPECT_EQ(IdsOf(list), (std::vector<uint64_t>{1, 2, 3, 4, 5}));
  ASSERT_EQ(list.size(), 5U);
  for (size_t i = 0; i < list.size(); ++i) EXPECT_EQ(list[i]->id, i + 1);
  const FileList copy = list;
  list = {};
  EXPECT_EQ(IdsOf(copy).size(), 5U);
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(list.begin(), list.end());
}

TEST(FileList, CopiesShareTheirFiles) {
  const DataFilePtr file = File(1);
  const FileList list{file};
  const auto holders = file.use_count();
  const FileList copy = list;
  EXPECT_EQ(file.use_count(), holders);
}

}  // namespace
}  // namespace gigapi
