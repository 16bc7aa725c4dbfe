#include "object_store/cloud_stores.h"

#include <arrow/filesystem/azurefs.h>
#include <arrow/filesystem/gcsfs.h>
#include <openssl/evp.h>

#include <vector>

#include "object_store/arrow_calls.h"
#include "object_store/arrow_store.h"

namespace gigapi {
namespace {

std::string EndpointText(const StoreUrl& url) { return url.host + ":" + std::to_string(url.port); }
const char* SchemeOf(const StoreUrl& url) { return url.secure ? "https" : "http"; }

/// Azure's library decodes the key when it signs, and throws where it cannot.
bool IsBase64(const std::string& text) {
  std::vector<unsigned char> decoded(text.size());
  return text.size() % 4 == 0 && EVP_DecodeBlock(decoded.data(), reinterpret_cast<const unsigned char*>(text.data()),
                                                 static_cast<int>(text.size())) >= 0;
}

Result<arrow::fs::GcsOptions> GcsOptionsFor(const StoreUrl& url, const std::string& service_account) {
  if (service_account.empty()) return url.secure ? arrow::fs::GcsOptions::Defaults() : arrow::fs::GcsOptions::Anonymous();
  if (!url.secure) {
    return Error(ErrorKind::kInvalidArgument,
                 "without TLS (secure=false) a gs:// store is sent no credentials: unset auth_secret");
  }
  if (!service_account.starts_with('{')) {
    return Error(ErrorKind::kInvalidArgument,
                 "auth_secret of a gs:// store is the text of a service account's key file (JSON)");
  }
  return arrow::fs::GcsOptions::FromServiceAccountCredentials(service_account);
}

Result<std::shared_ptr<arrow::fs::FileSystem>> MakeGcsFileSystem(const StoreUrl& url, const std::string& service_account,
                                                                 int64_t retry_ms_max) {
  ARROW_ASSIGN_OR_RAISE(auto options, GcsOptionsFor(url, service_account));
  options.retry_limit_seconds = static_cast<double>(retry_ms_max) / 1'000;
  if (!url.host.empty()) {
    options.endpoint_override = EndpointText(url);
    options.scheme = SchemeOf(url);
  }
  return arrow::fs::GcsFileSystem::Make(options);
}

Result<std::shared_ptr<arrow::fs::FileSystem>> MakeAzureFileSystem(const StoreUrl& url, const std::string& account_key) {
  if (!IsBase64(account_key)) {
    return Error(ErrorKind::kInvalidArgument, "auth_secret of an abfs:// store is the key of its account, which is base64");
  }
  arrow::fs::AzureOptions options;
  options.account_name = url.account;
  // What such a thread throws would end the process.
  options.background_writes = false;
  if (!url.host.empty()) {
    options.blob_storage_authority = options.dfs_storage_authority = EndpointText(url);
    options.blob_storage_scheme = options.dfs_storage_scheme = SchemeOf(url);
  }
  if (account_key.empty()) ARROW_RETURN_NOT_OK(options.ConfigureDefaultCredential());
  else ARROW_RETURN_NOT_OK(options.ConfigureAccountKeyCredential(account_key));
  return arrow::fs::AzureFileSystem::Make(options);
}

}  // namespace

Result<std::unique_ptr<ObjectStore>> MakeGcsStore(const StoreUrl& url, const std::string& service_account,
                                                  int64_t retry_ms_max) {
  ARROW_ASSIGN_OR_RAISE(auto file_system,
                        ExplainedCall(ToString(url), [&] { return MakeGcsFileSystem(url, service_account, retry_ms_max); }));
  return MakeArrowStore(std::move(file_system), {.bucket = url.bucket, .prefix = url.prefix, .description = ToString(url)});
}

Result<std::unique_ptr<ObjectStore>> MakeAzureStore(const StoreUrl& url, const std::string& account_key) {
  ARROW_ASSIGN_OR_RAISE(auto file_system,
                        ExplainedCall(ToString(url), [&] { return MakeAzureFileSystem(url, account_key); }));
  return MakeArrowStore(std::move(file_system), {.bucket = url.bucket, .prefix = url.prefix, .description = ToString(url)});
}

}  // namespace gigapi
