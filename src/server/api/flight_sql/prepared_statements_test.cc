#include "server/api/flight_sql/prepared_statements.h"

#include <gtest/gtest.h>

#include "base/clock.h"

namespace gigapi::flight {
namespace {

class PreparedStatementsTest : public testing::Test {
 protected:
  PreparedStatements Make(PreparedStatementLimits limits = {}) {
    return PreparedStatements(limits, [this] { return now_ns_; });
  }
  int64_t now_ns_ = 1'000 * kNanosPerSecond;
};

TEST_F(PreparedStatementsTest, KeepsAStatementAndItsValues) {
  auto statements = Make();
  const std::string handle = statements.Add({"SELECT ?", "db", {}}).ValueOrDie();
  ASSERT_TRUE(statements.Bind(handle, "values").ok());
  const auto found = statements.Find(handle).ValueOrDie();
  EXPECT_EQ(found.sql, "SELECT ?");
  EXPECT_EQ(found.database, "db");
  EXPECT_EQ(found.parameters, "values");
  statements.Close(handle);
  statements.Close(handle);
  EXPECT_EQ(KindOf(statements.Find(handle).status()), ErrorKind::kNotFound);
  EXPECT_EQ(KindOf(statements.Bind(handle, "")), ErrorKind::kNotFound);
  EXPECT_EQ(KindOf(statements.Find("no handle").status()), ErrorKind::kNotFound);
}

TEST_F(PreparedStatementsTest, ForgetsWhatIsNotUsed) {
  auto statements = Make({.idle_ms_max = 1'000});
  const std::string used = statements.Add({"a", "db", {}}).ValueOrDie();
  const std::string left = statements.Add({"b", "db", {}}).ValueOrDie();
  for (int i = 0; i < 4; ++i) {
    now_ns_ += 600 * kNanosPerMilli;
    EXPECT_TRUE(statements.Find(used).ok());
  }
  EXPECT_FALSE(statements.Find(left).ok());
  EXPECT_EQ(statements.size(), 1u);
}

TEST_F(PreparedStatementsTest, KeepsTheLimits) {
  auto statements = Make({.count_max = 3, .bytes_max = 100, .statement_bytes_max = 60});
  std::vector<std::string> handles;
  for (int i = 0; i < 5; ++i) handles.push_back(statements.Add({"sql", "d", {}}).ValueOrDie());
  EXPECT_EQ(statements.size(), 3u);
  EXPECT_FALSE(statements.Find(handles[1]).ok());
  EXPECT_TRUE(statements.Find(handles[2]).ok());
  EXPECT_EQ(KindOf(statements.Add({std::string(61, 'x'), "", {}}).status()), ErrorKind::kTooLarge);
  EXPECT_EQ(KindOf(statements.Bind(handles[2], std::string(60, 'x'))), ErrorKind::kTooLarge);
  ASSERT_TRUE(statements.Bind(handles[3], std::string(50, 'x')).ok());
  ASSERT_TRUE(statements.Bind(handles[2], std::string(50, 'x')).ok());
  EXPECT_EQ(statements.size(), 1u) << "the bytes of all together";
  EXPECT_TRUE(statements.Find(handles[2]).ok());
}

}  // namespace
}  // namespace gigapi::flight
