// The values of MessagePack arrays and maps, decoded into the columns of a table.
//
// A new column gets the type of its first value: integers are signed (unsigned when one needs it) and become floats when a
// float follows. In a column that the table has already, integers go where floats are expected, and floats without a
// fraction where integers are; anything else is a type conflict. nil is NULL.
//
// Pure. One thread. On failure `reason` is set and the reader stands at the value that is wrong.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "ingest/column_values.h"
#include "ingest/msgpack_reader.h"
#include "ingest/table_builder.h"

namespace gigapi {

/// Reads the next `rows` values, of an array, into rows `row`, `row` + 1, ... of the column `name`, which is made if need
/// be. A column without any value is made only when the table has it.
bool ReadMsgpackColumn(MsgpackReader* in, std::string_view name, StringsAs strings, size_t row, size_t rows,
                       TableBuilder* table, std::string* reason);

/// The column for the value that follows, which is not nil; nullptr with a reason when there can be none.
ColumnBuilder* FindMsgpackColumn(const MsgpackReader& in, std::string_view name, StringsAs strings, TableBuilder* table,
                                 std::string* reason);

/// Reads one value, which is not nil, into row `row` of the column.
bool ReadMsgpackValue(MsgpackReader* in, size_t row, ColumnBuilder* column, TableBuilder* table, std::string* reason);

}  // namespace gigapi
