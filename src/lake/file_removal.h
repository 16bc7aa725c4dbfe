// Removes files from their layers, many at once.
#pragma once

#include <cstddef>
#include <vector>

#include "base/clock.h"
#include "storage/data_file.h"

namespace gigapi {

/// Of one call: whoever removes many lets other work go on in between.
inline constexpr size_t kRemovedFilesMax = 256;
/// After a failure the rest waits so long.
inline constexpr int64_t kRemovalRetryNanos = 2 * kNanosPerSecond;

/// Answers which of them may still be there: their positions, in order. After a failure no other one is tried.
std::vector<size_t> RemoveFiles(const std::vector<DataFilePtr>& files);

}  // namespace gigapi
