// A folder of a local disk as an object store; objects are plain files.
//
// An object is written to <file>.<uuid>.tmp, synced and renamed, and the folder is synced; folders that it needs are made
// and synced before. Folders are left in place when their last object goes. Conditional puts of this process are ordered by
// a mutex and those of others by a lock on <root>/.store.lock, which therefore is no key.
#pragma once

#include <memory>
#include <string>

#include "object_store/object_store.h"

namespace gigapi {

/// `fs` must outlive the store; `root` is made when it is needed.
std::unique_ptr<ObjectStore> MakeLocalStore(FileSystem* fs, std::string root);

}  // namespace gigapi
