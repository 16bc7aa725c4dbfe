#include "server/api/influx/delete_route.h"

#include <gtest/gtest.h>

namespace gigapi::influx {
namespace {

TEST(MeasurementOfPredicate, IsRead) {
  EXPECT_EQ(MeasurementOfPredicate("").ValueOrDie(), std::nullopt);
  for (const char* text : {R"(_measurement="my cpu")", R"(_measurement = 'my cpu')", R"("_measurement"="my cpu")"}) {
    EXPECT_EQ(MeasurementOfPredicate(text).ValueOrDie(), "my cpu") << text;
  }
  EXPECT_EQ(MeasurementOfPredicate("_measurement=cpu").ValueOrDie(), "cpu");
}

TEST(MeasurementOfPredicate, RefusesWhatWouldLeaveRows) {
  const auto kind = [](const char* text) { return KindOf(MeasurementOfPredicate(text).status()); };
  EXPECT_EQ(kind(R"(_measurement="cpu" AND host="a")"), ErrorKind::kUnsupported);
  EXPECT_EQ(kind(R"(host="a")"), ErrorKind::kUnsupported);
  EXPECT_EQ(kind("_measurement"), ErrorKind::kInvalidArgument);
  EXPECT_EQ(kind("_measurement != cpu"), ErrorKind::kInvalidArgument);
  EXPECT_EQ(kind("_measurement=\"cpu"), ErrorKind::kInvalidArgument);
  EXPECT_EQ(kind("(("), ErrorKind::kInvalidArgument);
}

}  // namespace
}  // namespace gigapi::influx
