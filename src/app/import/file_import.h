// Imports one file, piece by piece, into a running server.
#pragma once

#include <cstdint>
#include <string>

#include "app/import/import_progress.h"
#include "app/import/import_sender.h"
#include "app/import/import_state.h"

namespace gigapi {

struct FileImportOptions {
  std::string format;  // as in --format; empty: by the file's name
  std::string table;   // empty: as rows say, or the file's name
  char delimiter = 0;
  int64_t skip_rows = 0;
  /// Small enough to be one piece for the server as well: it keeps all of it or nothing.
  size_t piece_bytes = 2 << 20;
};

/// The format by a file's name, as "csv" for x.csv.gz; kInvalidArgument when it does not say.
Result<std::string> FormatOfName(const std::string& path);

/// Where an import has its parts. All must outlive it.
struct ImportParts {
  ImportSender* sender;
  ImportState* state;
  ImportProgress* progress;
};

/// Goes on where the state says. `bytes_before` are those of the files before, for the bar. "-" is standard input.
Status ImportFile(const std::string& path, const FileImportOptions& options, int64_t bytes_before, const ImportParts& parts);

}  // namespace gigapi
