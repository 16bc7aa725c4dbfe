#include "query/answer_types.h"

#include <arrow/api.h>
#include <gmock/gmock.h>

#include <string>
#include <utility>
#include <vector>

#include "query/testing/lake_fixture.h"

namespace gigapi {
namespace {

std::string TypeOf(const std::shared_ptr<arrow::Table>& table) { return table->schema()->field(0)->type()->ToString(); }

TEST(AnswerTypes, WhatArrowCannotHoldIsText) {
  LakeFixture lake;
  for (const auto& [value, text] : std::vector<std::pair<std::string, std::string>>{
           {"340282366920938463463374607431768211455::UHUGEINT", "340282366920938463463374607431768211455"},
           {"'123456789012345678901234567890123456789012345'::BIGNUM", "123456789012345678901234567890123456789012345"},
           {"'0010110'::BIT", "0010110"},
           {"'12:30:00+05:30'::TIMETZ", "12:30:00+05:30"},
           {"{a: 1}::VARIANT", "{'a': 1}"},
       }) {
    const std::string sql = "SELECT " + value + " AS v UNION ALL SELECT NULL ORDER BY v NULLS LAST";
    EXPECT_EQ(lake.Query(sql), text + "\nNULL\n");
    EXPECT_EQ(TypeOf(*lake.Run(sql)), "string");
    const auto described = *lake.engine().Describe({.sql = sql, .database = "db"}, {});
    EXPECT_EQ(described.schema->ToString(), "v: string");
  }
}

TEST(AnswerTypes, AlsoWithinOthers) {
  LakeFixture lake;
  const auto expect = [&](const std::string& value, const std::string& type, const std::string& text) {
    const auto table = *lake.Run("SELECT " + value + " AS v FROM range(3000)");
    EXPECT_EQ(TypeOf(table), type);
    for (const int64_t row : {0, 2999}) EXPECT_EQ((*table->column(0)->GetScalar(row))->ToString(), text);
  };
  expect("['101'::BIT, NULL]", "list<l: string>", "list<l: string>[101, null]");
  expect("{b: '101'::BIT, i: 7}", "struct<b: string, i: int32>", "{b:string = 101, i:int32 = 7}");
  expect("MAP {'101'::BIT: [5::UHUGEINT]}", "map<string, list<l: string>>",
         "map<string, list<l: string>>[{key:string = 101, value:list<l: string> = list<l: string>[5]}]");
  expect("array_value('1'::BIT, '0'::BIT)", "fixed_size_list<: string>[2]", "fixed_size_list<: string>[2][1, 0]");
  expect("row(1, row('a', '1'::BIT))", "struct<f1: int32, f2: struct<f1: string, f2: string>>",
         "{f1:int32 = 1, f2:struct<f1: string, f2: string> = {f1:string = a, f2:string = 1}}");
}

TEST(AnswerTypes, IntervalsThatArrowCannotHoldAreRefused) {
  LakeFixture lake;
  EXPECT_EQ(TypeOf(*lake.Run("SELECT to_hours(2562047) AS i")), "month_day_nano_interval");
  for (const std::string value : {"to_hours(2562048)", "to_microseconds(-9223372036854775807)", "[NULL, to_hours(3000000)]",
                                  "{a: 1, b: MAP {1: [to_hours(3000000)]}}", "array_value(to_hours(3000000), NULL)"}) {
    const Status status = lake.Fails("SELECT " + value + " AS i");
    EXPECT_EQ(KindOf(status), ErrorKind::kInvalidArgument) << value;
    EXPECT_THAT(status.message(), testing::HasSubstr("VARCHAR")) << value;
  }
  EXPECT_EQ(lake.Query("SELECT to_hours(3000000)::VARCHAR"), "3000000:00:00\n");
}

TEST(AnswerTypes, ColumnsHaveNamesOfTheirOwn) {
  LakeFixture lake;
  lake.AddBuffered("db", "cpu", {{1, "a", 1.0}});
  for (const auto& [sql, names] : std::vector<std::pair<std::string, std::vector<std::string>>>{
           {"SELECT 1 AS a, 2 AS a, 3 AS A", {"a", "a_1", "A_2"}},
           {"SELECT 1 AS a, 2 AS a, 3 AS a_1", {"a", "a_1", "a_1_1"}},
           {"SELECT x.host, y.host FROM cpu x JOIN cpu y USING (time)", {"host", "host_1"}},
           {"SELECT 1 AS a, 2 AS b", {"a", "b"}},
       }) {
    EXPECT_EQ((*lake.Run(sql))->ColumnNames(), names);
    EXPECT_EQ((*lake.engine().Describe({.sql = sql, .database = "db"}, {})).schema->field_names(), names);
  }
}

}  // namespace
}  // namespace gigapi
