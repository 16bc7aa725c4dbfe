// Imports of text: what is particular to each format when a body is cut into pieces. Pure but for the reader.
#pragma once

#include <string_view>

#include "server/import/importer.h"
#include "server/import/piece_reader.h"

namespace gigapi {

/// How a text of the media type is cut; nullptr for what is no text.
const PieceOptions* PieceOptionsOf(std::string_view media_type);

/// Reads the pieces and has them written. `parse` is the format's parser of whole bodies.
Status ImportText(const ImportRequest& request, const ParseOptions& options, const Parser& parse, PieceReader* pieces,
                  ImportWriter* writer);

}  // namespace gigapi
