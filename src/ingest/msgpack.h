// Arc's MessagePack writes, straight into columns.
//
//   columnar   {m: "cpu", columns: {time: [...], host: [...], usage: [...]}, tag_keys?: ["host"]}
//   row        {m: "cpu", t: 1633024800000, h?: "server01", fields: {usage: 95.0}, tags?: {region: "eu"}}
//   several    an array of such records, {batch: [records]}, or one after the other
//
// Times are numbers in seconds, milliseconds, microseconds or nanoseconds, told by their size (ingest/msgpack_time.h), or
// timestamp extensions; rows without get the time of arrival. A record without `fields` may have `f`, an array whose values
// are called field_0, field_1, ... `h` is the tag host. A number for `m` names measurement_<m>, for `h` host_<h>. What else
// a record holds is passed over. Strings of columnar records are tags unless `tag_keys` or their look says otherwise
// (ingest/msgpack_column.h).
//
// Pure: no I/O, no clock, no state between calls. Any thread.
#pragma once

#include <string_view>

#include "ingest/parse_options.h"
#include "model/schema.h"
#include "model/write_batch.h"

namespace gigapi {

/// Parses a whole body. All or nothing: one record that is wrong, or does not fit the table's schema, refuses the request,
/// with the record's number, what is wrong and at which byte. Of the options, `now_ns`, `columns_per_table_max` and
/// `values_max` count.
WriteBatch ParseMsgpack(std::string_view body, const ParseOptions& options, const SchemaSource& schemas);

}  // namespace gigapi
