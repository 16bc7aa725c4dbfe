// What the server says of itself and of its SQL: the rows of CommandGetSqlInfo.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"

namespace gigapi::flight {

/// info_name and a dense union, exactly as the format has it: the Go driver breaks down on any other.
std::shared_ptr<arrow::Schema> SqlInfoSchema();

/// The rows that are asked for and known; all when none is named.
Result<std::shared_ptr<arrow::RecordBatch>> MakeSqlInfo(const std::vector<uint32_t>& wanted, const std::string& version);

/// How long a prepared statement is kept without being used; told to clients as info 100.
inline constexpr int64_t kPreparedStatementIdleMs = 3'600'000;

}  // namespace gigapi::flight
