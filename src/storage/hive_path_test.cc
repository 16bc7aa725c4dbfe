#include "storage/hive_path.h"

#include <gtest/gtest.h>

#include <set>

namespace gigapi {
namespace {

TEST(HivePath, EscapesWhatAPathOrAReaderOfHivePathsCouldStumbleOver) {
  EXPECT_EQ(EscapePathSegment("cpu_load-1.5m"), "cpu_load-1.5m");
  EXPECT_EQ(EscapePathSegment("a/b"), "a%2Fb");
  EXPECT_EQ(EscapePathSegment(".."), "%2E.");
  EXPECT_EQ(EscapePathSegment("."), "%2E");
  EXPECT_EQ(EscapePathSegment(".hidden"), "%2Ehidden");
  EXPECT_EQ(EscapePathSegment("100%=x y"), "100%25%3Dx%20y");
  EXPECT_EQ(EscapePathSegment("größe"), "größe");
  EXPECT_EQ(EscapePathSegment(std::string_view("a\0b", 3)), "a%00b");
}

TEST(HivePath, EveryNameComesBackAndGetsAFolderOfItsOwn) {
  std::set<std::string> folders;
  for (int a = 0; a < 256; ++a) {
    for (const std::string& name : {std::string(1, static_cast<char>(a)), std::string(1, static_cast<char>(a)) + ".x",
                                    "x" + std::string(1, static_cast<char>(a))}) {
      const std::string folder = EscapePathSegment(name);
      EXPECT_TRUE(folders.insert(folder).second) << folder;
      EXPECT_EQ(folder.find('/'), std::string::npos);
      EXPECT_NE(folder, "..");
      EXPECT_NE(folder, ".");
      EXPECT_EQ(UnescapePathSegment(folder), name);
    }
  }
}

TEST(HivePath, RefusesFoldersThatItDoesNotMake) {
  for (const char* folder : {"", ".x", "%", "%2", "a%2f", "%61", "a b", "a%ZZ", "x/y"}) {
    EXPECT_EQ(UnescapePathSegment(folder), std::nullopt) << folder;
  }
}

TEST(HivePath, NestsDatabaseTableAndHour) {
  const std::string table = TablePath("db", "a/b");
  EXPECT_EQ(table, "db/a%2Fb");
  EXPECT_EQ(PartitionPath(table, PartitionKey{0}), "db/a%2Fb/date=1970-01-01/hour=00");
}

TEST(HivePath, FileNamesTellTheLevel) {
  EXPECT_EQ(ParquetFileName("0b1e", 3), "0b1e.3.parquet");
  EXPECT_EQ(LevelOfFileName("0b1e.3.parquet"), 3);
  for (const char* name :
       {"0b1e.5.parquet", "0b1e.0.parquet", "0b1e.parquet", ".1.parquet", "0b1e.1.parquet.tmp", "parquet", ""}) {
    EXPECT_EQ(LevelOfFileName(name), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace gigapi
