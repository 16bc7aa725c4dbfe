// The encoders that ResultEncoder::Make chooses from.
#pragma once

#include "server/encode/result_encoder.h"

namespace gigapi {

std::unique_ptr<ResultEncoder> MakeJsonEncoder(const arrow::Schema& schema, TimeFormat time_format);
std::unique_ptr<ResultEncoder> MakeNdjsonEncoder(const arrow::Schema& schema, TimeFormat time_format);
std::unique_ptr<ResultEncoder> MakeCsvEncoder(const arrow::Schema& schema, TimeFormat time_format);
std::unique_ptr<ResultEncoder> MakeArrowEncoder(std::shared_ptr<arrow::Schema> schema);

}  // namespace gigapi
