// Random identifiers (RFC 9562 version 4), as in the names of Parquet files.
#pragma once

#include <string>

namespace gigapi {

/// 36 characters, lower case. Thread-safe.
std::string NewUuid();

}  // namespace gigapi
