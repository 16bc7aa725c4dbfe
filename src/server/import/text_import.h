// Imports of text, piece by piece.
#pragma once

#include "server/import/importer.h"

namespace gigapi {

/// `parse` is the format's parser of whole bodies.
Status ImportText(const ImportRequest& request, const ParseOptions& options, const Parser& parse, http::BodyReader* body,
                  ImportWriter* writer);

}  // namespace gigapi
