// The SQL types of columns as ODBC and JDBC describe them: the rows of CommandGetXdbcTypeInfo.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "base/error.h"

namespace gigapi::flight {

std::shared_ptr<arrow::Schema> TypeInfoSchema();

/// `data_type` is a number of JDBC's java.sql.Types; absent: all types.
Result<std::shared_ptr<arrow::RecordBatch>> MakeTypeInfo(std::optional<int32_t> data_type);

}  // namespace gigapi::flight
