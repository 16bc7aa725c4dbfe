// The values of Arrow arrays, put into the columns of a table. Pure. One thread.
//
// Integers of up to 64 bits, floats and decimals, booleans, strings, dictionaries of strings (which are tags) and timestamps
// (nanoseconds as integers, where they are not the time) are known; members of a struct become columns with dotted names.
#pragma once

#include <arrow/array.h>

#include <string>

#include "ingest/parse_options.h"
#include "ingest/table_builder.h"

namespace gigapi {

/// Puts the array's values into rows `row`, `row` + 1, ... of the column `name`, which is made if need be and if there is a
/// value. kInvalidArgument with the column's name for a type that is not known, and for values that the column does not
/// take.
Status PutArrowColumn(const arrow::Array& array, const std::string& name, const ParseOptions& options, size_t row,
                      TableBuilder* table);

/// The array's values as nanoseconds since the epoch: timestamps and dates, numbers and texts as in JSON; NULL is the time
/// of arrival.
Status ReadArrowTimes(const arrow::Array& array, const ParseOptions& options, PodVector<int64_t>* nanos);

}  // namespace gigapi
