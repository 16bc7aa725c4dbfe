// How the content of an object is packed for Redis's memory. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace gigapi {

/// A byte that names the compression, and the content: by zstd where that is smaller, with a dictionary of texts that the
/// metadata of partitions begins with and repeats, for most of them are too short to learn from themselves.
std::string PackContent(std::string_view content);

/// The content, which must have this size; kInternal when the packed one is damaged.
Result<std::string> UnpackContent(std::string_view packed, uint64_t size_bytes);

}  // namespace gigapi
