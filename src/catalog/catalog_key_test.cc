#include "catalog/catalog_key.h"

#include <gtest/gtest.h>

namespace gigapi {
namespace {

TEST(CatalogKey, TellsWhatAKeyStandsFor) {
  const auto database = ParseCatalogKey("db/metadata.json");
  ASSERT_TRUE(database);
  EXPECT_EQ(database->database, "db");
  EXPECT_EQ(database->table, "");
  const auto table = ParseCatalogKey("db/a%2Fb/metadata.json");
  ASSERT_TRUE(table);
  EXPECT_EQ(table->table, "a/b");
  EXPECT_FALSE(table->partition);
  const auto partition = ParseCatalogKey("db/t/date=1970-01-02/hour=01/metadata.json");
  ASSERT_TRUE(partition && partition->partition);
  EXPECT_EQ(partition->partition->hour, 25);
  EXPECT_EQ(MetadataKey("db/t/date=1970-01-02/hour=01"), "db/t/date=1970-01-02/hour=01/metadata.json");
}

TEST(CatalogKey, LeavesOtherObjectsAlone) {
  for (const char* key : {"", "metadata.json", "/metadata.json", ".gigapi/metadata.json", "db/t/x.1.parquet",
                          "db/t/date=1970-01-02/metadata.json", "db/t/date=1970-01-02/hour=24/metadata.json",
                          "db/%2f/metadata.json", "db//metadata.json", "db/t/date=1970-01-02/hour=01/x/metadata.json"}) {
    EXPECT_FALSE(ParseCatalogKey(key)) << key;
  }
}

}  // namespace
}  // namespace gigapi
