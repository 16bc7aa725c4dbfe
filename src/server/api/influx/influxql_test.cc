#include "server/api/influx/influxql.h"

#include <gtest/gtest.h>

namespace gigapi::influx {
namespace {

std::string DatabaseOf(std::string_view text) {
  const auto statement = ParseStatement(text);
  return statement && statement->kind == Statement::Kind::kCreateDatabase ? statement->database : "(none)";
}

TEST(InfluxQl, ReadsCreateDatabase) {
  EXPECT_EQ(DatabaseOf("CREATE DATABASE telegraf"), "telegraf");
  EXPECT_EQ(DatabaseOf(" create database \"my db\" ; "), "my db");
  EXPECT_EQ(DatabaseOf(R"(CREATE DATABASE "a\"b")"), "a\"b");
  EXPECT_EQ(DatabaseOf("CREATE DATABASE x WITH DURATION 1d REPLICATION 1"), "x");
  EXPECT_EQ(DatabaseOf("CREATE DATABASE"), "(none)");
  EXPECT_EQ(DatabaseOf("CREATE DATABASE \"x"), "(none)");
  EXPECT_EQ(DatabaseOf("CREATE DATABASE x y"), "(none)");
}

TEST(InfluxQl, ReadsShowDatabasesAndNothingElse) {
  EXPECT_TRUE(ParseStatement("show databases;").has_value());
  EXPECT_FALSE(ParseStatement("SHOW DATABASES WHERE x").has_value());
  EXPECT_FALSE(ParseStatement("SELECT 1").has_value());
  EXPECT_FALSE(ParseStatement("").has_value());
}

}  // namespace
}  // namespace gigapi::influx
