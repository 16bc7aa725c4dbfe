// Buckets of GCS and containers of Azure, by Arrow's file systems for them (arrow_store.h says what that means).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "object_store/object_store.h"
#include "object_store/store_url.h"

namespace gigapi {

/// For how long a request to GCS is sent again; an upload, and a read that is opened first, take up to twice that.
inline constexpr int64_t kGcsRetryMsMax = 30'000;

/// Nothing is asked yet. `service_account` is the text of a key file of a service account (JSON); empty: the credentials
/// that Google's other programs use (GOOGLE_APPLICATION_CREDENTIALS, the machine's account), and none at an endpoint without
/// TLS.
Result<std::unique_ptr<ObjectStore>> MakeGcsStore(const StoreUrl& url, const std::string& service_account,
                                                  int64_t retry_ms_max = kGcsRetryMsMax);

/// Nothing is asked yet. With the key of the account, in base64, or, when it is empty, Azure's default chain (environment,
/// managed identity, ...).
Result<std::unique_ptr<ObjectStore>> MakeAzureStore(const StoreUrl& url, const std::string& account_key);

}  // namespace gigapi
