// Any arrow::fs::FileSystem as an object store: what GCS and Azure stand on (cloud_stores.h).
//
// Arrow's streams commit what was written when they are destroyed, whatever went wrong before. So an object is written under
// a temporary name (<key>.<uuid>.tmp), read back and compared with what was written, since not every service tells Arrow a
// checksum, and moved to its key: a copy inside the store and a removal. A commit so costs one read of the object. List does
// not show temporary names; RemoveUnfinished takes old ones away.
//
// What is not there: conditional puts (kUnsupported: Arrow has none, so no catalog can be kept here), and pages of lists:
// all keys under the prefix are asked for, and kept until the last page or for ten minutes. Versions are size and time of
// change. Azure without a hierarchical namespace moves by a copy that Arrow looks after once a second: each commit takes
// that long, and a large object may be seen before it is whole.
//
// Requests are sent again by the services' own libraries: GCS for kGcsRetryMsMax, Azure three times, with pauses of seconds;
// how long a silent Azure is waited for cannot be set.
#pragma once

#include <arrow/filesystem/filesystem.h>

#include <memory>
#include <string>

#include "object_store/object_store.h"

namespace gigapi {

struct ArrowStorePlace {
  std::string bucket;       // or a folder; is there already
  std::string prefix = {};  // in the bucket; empty, or ends with a slash
  std::string description;  // for logs and errors, without credentials
};

std::unique_ptr<ObjectStore> MakeArrowStore(std::shared_ptr<arrow::fs::FileSystem> file_system, ArrowStorePlace place);

}  // namespace gigapi
