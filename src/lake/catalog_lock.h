// One process at a time changes a catalog that nobody shares. Where such a catalog lies beside the root, in the folder of
// the first layer, that folder is locked as a root is.
#pragma once

#include <memory>
#include <string>

#include "base/file_system.h"

namespace gigapi {

/// Takes a folder as a server takes its root. kUnavailable: another process has it.
Result<std::unique_ptr<FileLock>> LockFolder(FileSystem* fs, const std::string& folder);

/// Takes the folder with the catalog for the process that has locked `root`; nullptr: it is the root. kUnavailable: another
/// process has it; kConflict: nodes share the catalog there.
Result<std::unique_ptr<FileLock>> LockCatalogFolder(FileSystem* fs, const std::string& root, const std::string& folder);

}  // namespace gigapi
