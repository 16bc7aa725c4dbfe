#include "app/table_printer.h"

#include <arrow/builder.h>
#include <gtest/gtest.h>

namespace gigapi {
namespace {

std::shared_ptr<arrow::RecordBatch> HostsAndLoads(int64_t rows) {
  arrow::StringDictionaryBuilder hosts;
  arrow::DoubleBuilder loads;
  for (int64_t i = 0; i < rows; ++i) {
    EXPECT_TRUE(hosts.Append(i == 0 ? "ä\nb" : "host1").ok());
    EXPECT_TRUE((i == 1 ? loads.AppendNull() : loads.Append(0.5 * static_cast<double>(i))).ok());
  }
  const auto schema = arrow::schema(
      {arrow::field("host", arrow::dictionary(arrow::int8(), arrow::utf8())), arrow::field("load", arrow::float64())});
  return arrow::RecordBatch::Make(schema, rows, {hosts.Finish().ValueOrDie(), loads.Finish().ValueOrDie()});
}

TEST(TablePrinterTest, AlignsTextLeftAndNumbersRight) {
  const auto batch = HostsAndLoads(3);
  TablePrinter printer(*batch->schema(), 100);
  ASSERT_TRUE(printer.Add(*batch).ok());
  EXPECT_EQ(printer.Format(),
            "host  | load\n"
            "------+-----\n"
            "ä\\nb  |    0\n"
            "host1 | NULL\n"
            "host1 |    1\n"
            "(3 rows)\n");
}

TEST(TablePrinterTest, CountsRowsThatAreNotShown) {
  const auto batch = HostsAndLoads(3);
  TablePrinter printer(*batch->schema(), 4);
  ASSERT_TRUE(printer.Add(*batch).ok());
  ASSERT_TRUE(printer.Add(*batch).ok());
  EXPECT_NE(printer.Format().find("(4 of 6 rows)\n"), std::string::npos);
}

TEST(TablePrinterTest, NoRowsStillShowTheColumns) {
  TablePrinter printer(*HostsAndLoads(0)->schema(), 4);
  EXPECT_EQ(printer.Format(), "host | load\n-----+-----\n(0 rows)\n");
}

}  // namespace
}  // namespace gigapi
