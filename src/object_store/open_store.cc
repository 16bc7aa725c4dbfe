#include "object_store/open_store.h"

#include <filesystem>

#include <cstdlib>

#include "object_store/arrow_store.h"
#include "object_store/local_store.h"
#include "object_store/s3_credentials.h"
#include "object_store/s3_store.h"

namespace gigapi {

Result<std::unique_ptr<ObjectStore>> OpenStore(const StoreUrl& url, const StoreCredentials& credentials, FileSystem* local) {
  switch (url.kind) {
    case StoreKind::kLocal: return MakeLocalStore(local, url.path);
    case StoreKind::kS3: {
      if (credentials.auth_key.empty() != credentials.auth_secret.empty()) {
        return Error(ErrorKind::kInvalidArgument, "auth_key and auth_secret of an S3 store are set both or neither");
      }
      S3StoreOptions options;
      // Where other programs of AWS look for a private authority; SSL_CERT_FILE is OpenSSL's own way.
      if (const char* bundle = std::getenv("AWS_CA_BUNDLE")) options.transport.authorities_file = bundle;
      auto source = credentials.auth_key.empty()
                        ? UsualCredentials()
                        : FixedCredentials({.access_key = credentials.auth_key, .secret_key = credentials.auth_secret});
      return MakeS3Store(url, std::move(source), std::move(options));
    }
    case StoreKind::kGcs: return MakeGcsStore(url);
    case StoreKind::kAzure: return MakeAzureStore(url, credentials.auth_secret);
  }
  return Error(ErrorKind::kInternal, "no such kind of store");
}

std::string AbsoluteStoreUrl(const std::string& url) {
  if (url.empty() || url.find("://") != std::string::npos) return url;
  return std::filesystem::absolute(url).lexically_normal().string();
}

}  // namespace gigapi
