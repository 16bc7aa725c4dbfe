#include "object_store/open_store.h"

#include <filesystem>

#include <cstdlib>

#include "object_store/cloud_stores.h"
#include "object_store/local_store.h"
#include "object_store/s3_credentials.h"
#include "object_store/s3_store.h"

namespace gigapi {
namespace {

/// What the store would not use is refused, so that nobody believes it does.
Status CheckCredentials(const StoreUrl& url, const StoreCredentials& credentials) {
  const auto refuse = [](std::string why) { return Error(ErrorKind::kInvalidArgument, std::move(why)); };
  const bool has_key = !credentials.auth_key.empty();
  const bool has_secret = !credentials.auth_secret.empty();
  switch (url.kind) {
    case StoreKind::kLocal: break;
    case StoreKind::kS3:
      if (has_key != has_secret) return refuse("auth_key and auth_secret of an S3 store are set both or neither");
      break;
    case StoreKind::kGcs:
      if (has_key) return refuse("a gs:// store has no auth_key: auth_secret is the text of a service account's key file");
      break;
    case StoreKind::kAzure:
      if (has_key && !has_secret) return refuse("auth_key of an abfs:// store is of no use without auth_secret");
      if (has_key && credentials.auth_key != url.account) {
        return refuse("auth_key of an abfs:// store is the name of its account, which its address has: leave it unset");
      }
      break;
  }
  return Status::OK();
}

}  // namespace

Result<std::unique_ptr<ObjectStore>> OpenStore(const StoreUrl& url, const StoreCredentials& credentials, FileSystem* local) {
  ARROW_RETURN_NOT_OK(CheckCredentials(url, credentials));
  switch (url.kind) {
    case StoreKind::kLocal: return MakeLocalStore(local, url.path);
    case StoreKind::kS3: {
      S3StoreOptions options;
      // Where other programs of AWS look for a private authority; SSL_CERT_FILE is OpenSSL's own way.
      if (const char* bundle = std::getenv("AWS_CA_BUNDLE")) options.transport.authorities_file = bundle;
      auto source = credentials.auth_key.empty()
                        ? UsualCredentials()
                        : FixedCredentials({.access_key = credentials.auth_key, .secret_key = credentials.auth_secret});
      return MakeS3Store(url, std::move(source), std::move(options));
    }
    case StoreKind::kGcs: return MakeGcsStore(url, credentials.auth_secret);
    case StoreKind::kAzure: return MakeAzureStore(url, credentials.auth_secret);
  }
  return Error(ErrorKind::kInternal, "no such kind of store");
}

std::string AbsoluteStoreUrl(const std::string& url) {
  if (url.empty() || url.find("://") != std::string::npos) return url;
  return std::filesystem::absolute(url).lexically_normal().string();
}

}  // namespace gigapi
