// Imports of Arrow IPC and Parquet, batch by batch.
#pragma once

#include <string>

#include "server/import/importer.h"

namespace gigapi {

Status ImportArrow(const ImportRequest& request, const ParseOptions& options, http::BodyReader* body, ImportWriter* writer);

/// Spools the body to a file without a name in the limits' folder first.
Status ImportParquet(const ImportRequest& request, const ParseOptions& options, const ImportLimits& limits,
                     http::BodyReader* body, ImportWriter* writer);

}  // namespace gigapi
