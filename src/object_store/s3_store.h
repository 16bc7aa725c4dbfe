// A bucket of S3, or of what speaks its protocol (MinIO, Ceph, R2, ...), as an object store.
//
// The protocol is spoken by a client of our own and not by arrow::fs::S3FileSystem, which has no conditional put, no list of
// unfinished uploads, no limit on silence, an empty object for every "folder" that a removal might leave, and a stream that
// commits when it is destroyed (docs/decisions/0005-object-stores.md).
//
// Conditional puts need a store that knows If-Match and If-None-Match on PUT: AWS, MinIO, R2, Ceph from 20. A store that
// ignores them would lose updates, so VerifyConditionalPuts is to be called once before a catalog is kept on one.
#pragma once

#include <memory>

#include "object_store/http_transport.h"
#include "object_store/object_store.h"
#include "object_store/retry_policy.h"
#include "object_store/s3_credentials.h"
#include "object_store/store_url.h"

namespace gigapi {

struct S3StoreOptions {
  HttpTransportOptions transport;
  RetryPolicy retries;
};

/// `url` is of kind kS3. Nothing is asked yet.
Result<std::unique_ptr<ObjectStore>> MakeS3Store(StoreUrl url, std::unique_ptr<S3CredentialsSource> credentials,
                                                 S3StoreOptions options);

/// kUnsupported when the store has no conditional puts, or carries out one whose condition does not hold. Puts and removes
/// an object of a name of its own under `prefix` (empty, or ends with a slash) and "conditional-put/", and removes those of
/// others that are an hour old.
Status VerifyConditionalPuts(ObjectStore* store, const std::string& prefix);

}  // namespace gigapi
