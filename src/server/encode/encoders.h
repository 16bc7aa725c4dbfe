// The encoders that ResultEncoder::Make chooses from.
#pragma once

#include <arrow/util/type_fwd.h>

#include "server/encode/result_encoder.h"

namespace gigapi {

std::unique_ptr<ResultEncoder> MakeJsonEncoder(const arrow::Schema& schema, TimeFormat time_format);
std::unique_ptr<ResultEncoder> MakeNdjsonEncoder(const arrow::Schema& schema, TimeFormat time_format);
std::unique_ptr<ResultEncoder> MakeCsvEncoder(const arrow::Schema& schema, TimeFormat time_format);
std::unique_ptr<ResultEncoder> MakeArrowEncoder(std::shared_ptr<arrow::Schema> schema,
                                                arrow::Compression::type buffers = arrow::Compression::UNCOMPRESSED);
/// Row groups are written as soon as they are full: one is in memory at a time.
std::unique_ptr<ResultEncoder> MakeParquetEncoder(std::shared_ptr<arrow::Schema> schema);

}  // namespace gigapi
