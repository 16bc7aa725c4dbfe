// Any arrow::fs::FileSystem as an object store: what GCS and Azure stand on.
//
// Arrow's streams commit what was written when they are destroyed, whatever went wrong before. So an object is written under
// a temporary name (<key>.<uuid>.tmp), its size is compared, and it is moved to its key: a copy inside the store and a
// removal. List does not show temporary names; RemoveUnfinished takes old ones away.
//
// What is not there: conditional puts (kUnsupported: Arrow has none, so no catalog can be kept here), pages of lists (each
// call of List asks for all keys under the prefix), verification by checksum beyond that of the store's own library, and
// limits on retries other than that library's. Versions are size and time of change. Azure without a hierarchical namespace
// moves by a copy that Arrow looks after once a second: each commit takes that long, and a large object may be seen before
// it is whole.
#pragma once

#include <arrow/filesystem/filesystem.h>

#include <memory>
#include <string>

#include "object_store/object_store.h"
#include "object_store/store_url.h"

namespace gigapi {

/// `root` is a path of the file system without a slash at the end: a bucket and a prefix, or a folder.
std::unique_ptr<ObjectStore> MakeArrowStore(std::shared_ptr<arrow::fs::FileSystem> file_system, std::string root,
                                            std::string description);

/// With the credentials that Google's other programs use (GOOGLE_APPLICATION_CREDENTIALS, the machine's account).
Result<std::unique_ptr<ObjectStore>> MakeGcsStore(const StoreUrl& url);
/// With the key of the account, or, when it is empty, Azure's default chain (environment, managed identity, ...).
Result<std::unique_ptr<ObjectStore>> MakeAzureStore(const StoreUrl& url, const std::string& account_key);

}  // namespace gigapi
