// Carries one move out: copies a file to another layer. What it makes is not committed yet.
#pragma once

#include <functional>

#include "base/error.h"
#include "storage/data_file.h"

namespace gigapi {

/// Copies the file, checked by size and checksum, under a name of its own, so that a copy which is given up can be removed
/// without a look at the catalog. The answer is ready for Lake::ReplaceFiles. Blocks. `is_stopping` is asked between pieces:
/// where it answers true the copy ends with kCancelled and leaves nothing. `give_up` is called after a failure with what may
/// have been written all the same.
Result<DataFile> CopyToLayer(const DataFile& file, const LayerPtr& layer, int64_t now_ns,
                             const std::function<bool()>& is_stopping, const std::function<void(const DataFile&)>& give_up);

}  // namespace gigapi
