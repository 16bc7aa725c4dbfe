// An object store in memory, for tests. What is begun and never committed stays until RemoveUnfinished, as parts of an
// upload do on S3.
#pragma once

#include <memory>

#include "object_store/object_store.h"

namespace gigapi {

std::unique_ptr<ObjectStore> MakeMemoryStore();

}  // namespace gigapi
