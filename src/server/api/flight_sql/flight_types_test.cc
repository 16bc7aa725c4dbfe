#include "server/api/flight_sql/flight_types.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

namespace gigapi::flight {
namespace {

using arrow::TimeUnit;

template <typename Builder>
std::shared_ptr<arrow::RecordBatch> Batch(Builder* builder) {
  const auto array = builder->Finish().ValueOrDie();
  return arrow::RecordBatch::Make(arrow::schema({arrow::field("c", array->type())}), array->length(), {array});
}

Result<std::shared_ptr<arrow::Array>> Convert(const std::shared_ptr<arrow::RecordBatch>& batch) {
  ARROW_ASSIGN_OR_RAISE(const auto made, ToFlightBatch(batch, FlightSchemaOf(*batch->schema())));
  ARROW_RETURN_NOT_OK(made->ValidateFull());
  return made->column(0);
}

TEST(FlightTypes, TimestampsAreNanoseconds) {
  for (const auto& [unit, factor] :
       {std::pair{TimeUnit::SECOND, 1'000'000'000L}, {TimeUnit::MILLI, 1'000'000L}, {TimeUnit::MICRO, 1'000L}}) {
    arrow::TimestampBuilder builder(arrow::timestamp(unit, "UTC"), arrow::default_memory_pool());
    ASSERT_TRUE(builder.AppendValues({1, -2}).ok() && builder.AppendNull().ok());
    const auto made = Convert(Batch(&builder)).ValueOrDie();
    EXPECT_TRUE(made->type()->Equals(arrow::timestamp(TimeUnit::NANO, "UTC")));
    const auto& times = static_cast<const arrow::TimestampArray&>(*made);
    EXPECT_EQ(times.Value(0), factor);
    EXPECT_EQ(times.Value(1), -2 * factor);
    EXPECT_TRUE(times.IsNull(2));
  }
}

TEST(FlightTypes, ConvertsSlices) {
  arrow::TimestampBuilder builder(arrow::timestamp(TimeUnit::MICRO), arrow::default_memory_pool());
  ASSERT_TRUE(builder.AppendNull().ok() && builder.AppendValues({1, 2, 3}).ok() && builder.AppendNull().ok());
  const auto made = Convert(Batch(&builder)->Slice(2, 3)).ValueOrDie();
  EXPECT_EQ(made->ToString(), "[\n  1970-01-01 00:00:00.000002000,\n  1970-01-01 00:00:00.000003000,\n  null\n]");
}

TEST(FlightTypes, RefusesTimesThatDoNotFit) {
  arrow::TimestampBuilder builder(arrow::timestamp(TimeUnit::MICRO), arrow::default_memory_pool());
  ASSERT_TRUE(builder.Append(std::numeric_limits<int64_t>::max() / 999).ok());
  EXPECT_EQ(KindOf(Convert(Batch(&builder)).status()), ErrorKind::kInvalidArgument);
}

TEST(FlightTypes, WideIntegersAreInt64) {
  arrow::Decimal128Builder builder(arrow::decimal128(38, 0));
  const int64_t min = std::numeric_limits<int64_t>::min(), max = std::numeric_limits<int64_t>::max();
  for (const int64_t value : {int64_t{0}, int64_t{-1}, min, max}) ASSERT_TRUE(builder.Append(arrow::Decimal128(value)).ok());
  ASSERT_TRUE(builder.AppendNull().ok());
  const auto made = Convert(Batch(&builder)).ValueOrDie();
  const auto& values = static_cast<const arrow::Int64Array&>(*made);
  EXPECT_EQ(values.Value(1), -1);
  EXPECT_EQ(values.Value(2), min);
  EXPECT_EQ(values.Value(3), max);
  EXPECT_TRUE(values.IsNull(4));
  for (const arrow::Decimal128& beyond : {arrow::Decimal128(max) + 1, arrow::Decimal128(min) - 1}) {
    ASSERT_TRUE(builder.Append(beyond).ok());
    EXPECT_EQ(KindOf(Convert(Batch(&builder)).status()), ErrorKind::kInvalidArgument);
  }
}

TEST(FlightTypes, LeavesTheRestAlone) {
  arrow::StringBuilder builder;
  ASSERT_TRUE(builder.Append("x").ok());
  const auto batch = Batch(&builder);
  EXPECT_EQ(Convert(batch).ValueOrDie()->data()->buffers[2], batch->column(0)->data()->buffers[2]);
  EXPECT_TRUE(FlightSchemaOf(*arrow::schema({arrow::field("d", arrow::decimal128(10, 2))}))
                  ->field(0)
                  ->type()
                  ->Equals(arrow::decimal128(10, 2)));
}

}  // namespace
}  // namespace gigapi::flight
