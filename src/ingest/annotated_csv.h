// InfluxDB's annotated CSV: tables one after the other, each with rows of annotations before its header.
//
//   #group,false,false,true,true,false,false,true,true,true
//   #datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,dateTime:RFC3339,double,string,string,string
//   #default,_result,,,,,,,,
//   ,result,table,_start,_stop,_time,_value,_field,_measurement,host
//   ,,0,2021-01-01T00:00:00Z,2021-01-02T00:00:00Z,2021-01-01T12:00:00Z,1.5,usage,cpu,a
//
// Source of the format: https://docs.influxdata.com/influxdb/v2/reference/syntax/annotated-csv/. Two forms are rows:
// - what a query answers: the table is _measurement, the time _time, the field _field with the value _value, and the other
//   columns but result, table, _start and _stop are tags; in pivoted tables each column that is not in the group key is a
//   field of its own. Rows of one table and time that follow each other with other fields are rows of their own.
// - what `influx write` reads (extended annotated CSV): #datatype has measurement, tag, field, time, ignored, or a type;
//   a #constant line adds a column to all rows.
// A record that is wrong is refused with its line, and the others are kept. Tables of errors (a column `error`) refuse all.
//
// Pure. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "ingest/parse_options.h"
#include "model/schema.h"
#include "model/write_batch.h"

namespace gigapi {

/// Parses a whole body. The option `table` names the rows that do not name their measurement.
WriteBatch ParseAnnotatedCsv(std::string_view body, const ParseOptions& options, const SchemaSource& schemas);

// For bodies that are parsed in pieces:
/// As RecordBoundary has it: never between the annotations of a table and its first row.
size_t EndOfAnnotatedRecords(std::string_view text);
/// What the rest of a body begins with, so that it means what it means behind `text`: the annotations and the header of the
/// text's last table, and an empty line when that is over.
std::string HeadOfNextPiece(std::string_view text);

}  // namespace gigapi
