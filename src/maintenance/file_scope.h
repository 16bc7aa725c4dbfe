// Which files a node merges, moves and drops.
#pragma once

#include "storage/data_file.h"

namespace gigapi {

enum class FileScope {
  kNothing,
  kOwnFiles,  // those of its local layer that other nodes do not reach
  kAllFiles,  // these, and all that every node reaches
};

inline bool IsInScope(FileScope scope, const DataFile& file) {
  return scope == FileScope::kAllFiles || (scope == FileScope::kOwnFiles && !file.node.empty());
}

}  // namespace gigapi
