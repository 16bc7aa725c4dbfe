#include "peers/peer_messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gigapi {
namespace {

TEST(PeerMessages, ARequestComesBackAsItWas) {
  const BufferedRequest request{
      .database = "d \"x\"", .table = "t\n", .epoch = "e", .known = {{-3, 1, 2}, {475'000, 7, UINT64_MAX}}};
  const auto read = DecodeBufferedRequest(EncodeBufferedRequest(request));
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(read->database, request.database);
  EXPECT_EQ(read->table, request.table);
  EXPECT_EQ(read->epoch, request.epoch);
  EXPECT_EQ(read->known, request.known);
}

TEST(PeerMessages, AHeaderComesBackAsItWas) {
  const BufferedHeader header{.node = "n",
                              .epoch = "e",
                              .partitions = {{.hour = 5, .flushed_sequence = 9, .chunks = {{{5, 10, 12}, true}}},
                                             {.hour = 6, .flushed_sequence = 0, .chunks = {}}}};
  const auto read = DecodeBufferedHeader(EncodeBufferedHeader(header));
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(EncodeBufferedHeader(*read), EncodeBufferedHeader(header));
  ASSERT_EQ(read->partitions.size(), 2u);
  EXPECT_TRUE(read->partitions[0].chunks.at(0).is_sent);
  EXPECT_EQ(read->partitions[0].chunks[0].id, (ChunkId{5, 10, 12}));
}

TEST(PeerMessages, NamesComeBackAsTheyWere) {
  const auto read = DecodeTableNames(EncodeTableNames({{"a", "t\"\n"}, {"b", ""}}));
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  ASSERT_EQ(read->size(), 2u);
  EXPECT_EQ(read->at(0).database + read->at(0).table, "at\"\n");
  EXPECT_EQ(read->at(1).database + read->at(1).table, "b");
}

TEST(PeerMessages, ARangeComesBackAsItWas) {
  const auto read = DecodeRangeRequest(EncodeRangeRequest({"hot", "a/b.parquet", 1, UINT64_MAX}));
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(read->layer + read->key, "hota/b.parquet");
  EXPECT_EQ(read->length, UINT64_MAX);
}

TEST(PeerMessages, OtherTextsAreErrors) {
  for (const char* json : {"", "{}", "[]", R"({"database":"d","table":"t","epoch":"e","known":[[1]]})",
                           R"({"node":"n","epoch":"e","partitions":[{"hour":1,"flushed":-1,"chunks":[]}]})"}) {
    EXPECT_FALSE(DecodeBufferedRequest(json).ok()) << json;
    EXPECT_FALSE(DecodeBufferedHeader(json).ok()) << json;
    EXPECT_FALSE(DecodeRangeRequest(json).ok()) << json;
  }
}

}  // namespace
}  // namespace gigapi
