// The store that an address names.
#pragma once

#include <memory>
#include <string>

#include "object_store/object_store.h"
#include "object_store/store_url.h"

namespace gigapi {

struct StoreCredentials {
  /// S3: the access key. Azure: the account, if anything. GCS: none.
  std::string auth_key = {};
  /// S3: the secret key. Azure: the key of the account. GCS: the text of a service account's key file. Empty: what other
  /// programs of this machine would use.
  std::string auth_secret = {};
};

/// Asks nothing of a remote store yet (ObjectStore::Probe does). kInvalidArgument for credentials that it would not use;
/// `local` must outlive the store.
Result<std::unique_ptr<ObjectStore>> OpenStore(const StoreUrl& url, const StoreCredentials& credentials, FileSystem* local);

/// A path of the working folder as an absolute one; what is an address, or absolute, stays.
std::string AbsoluteStoreUrl(const std::string& url);

}  // namespace gigapi
