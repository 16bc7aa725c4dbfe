// What an import has done so far, in a small file, so that one that was killed goes on where it was: a JSON document that is
// replaced after each piece that the server has acknowledged.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/error.h"

namespace gigapi {

/// Of one source: a file, or a slice of time of a server.
struct ImportedSource {
  uint32_t start_crc = 0;   // of its first bytes: whether it is the same source
  int64_t position = 0;     // acknowledged up to here: decompressed bytes, rows of Arrow and Parquet, or nanoseconds
  int64_t rows_behind = 0;  // of a server: rows of the slice that begins at the position that are acknowledged
  int64_t rows = 0;
  int64_t refused_rows = 0;
  bool begun = false;  // of a server: the position means something
  bool done = false;
};

/// One thread.
class ImportState {
 public:
  /// Reads the file if it is there. `target` says where rows go and how: a file of another target is kInvalidArgument. An
  /// empty path: nothing is kept.
  static Result<ImportState> Open(std::string path, std::string target);

  /// The source of that name, new if it was not known.
  ImportedSource& Source(const std::string& name) { return sources_[name]; }
  bool resumed() const { return resumed_; }

  /// Replaces the file, in one step.
  Status Save() const;
  /// All is done: removes it.
  Status Remove() const;

 private:
  std::string path_;
  std::string target_;
  std::map<std::string, ImportedSource> sources_;
  bool resumed_ = false;
};

}  // namespace gigapi
