// The formats in which InfluxDB 3 answers a query. Pure.
#pragma once

#include <string_view>

#include "server/encode/result_encoder.h"
#include "server/http/http.h"

namespace gigapi::influx {

/// json (an array of objects, without keys for NULL), jsonl, csv, parquet, pretty (a table of text). Empty: what the header
/// Accept asks for, else json. Times have no Z, as InfluxDB 3 writes them.
Result<EncoderFactory> ReadV3Format(std::string_view format, const http::Request& request);

/// +---+ around columns as wide as their widest value, so all rows are held: more than `bytes_max` fail with kTooLarge.
std::unique_ptr<ResultEncoder> MakePrettyEncoder(const arrow::Schema& schema, size_t bytes_max);

}  // namespace gigapi::influx
