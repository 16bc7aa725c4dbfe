#include "object_store/s3_credentials.h"

#include <arrow/filesystem/s3fs.h>

#include <cstdlib>
#include <mutex>
#include <optional>

#include "base/clock.h"

namespace gigapi {
namespace {

constexpr int64_t kRefreshInterval = 60 * kNanosPerSecond;

class Fixed final : public S3CredentialsSource {
 public:
  explicit Fixed(AwsCredentials credentials) : credentials_(std::move(credentials)) {}
  Result<AwsCredentials> Get() override { return credentials_; }

 private:
  const AwsCredentials credentials_;
};

/// The AWS SDK's own chain, which comes with Arrow. It is set up by the first that needs it, for that takes a while.
class SdkChain final : public S3CredentialsSource {
 public:
  Result<AwsCredentials> Get() override {
    const std::lock_guard lock(mutex_);
    if (known_ && SteadyNanos() - known_at_ns_ < kRefreshInterval) return *known_;
    if (!options_) {
      ARROW_RETURN_NOT_OK(arrow::fs::EnsureS3Initialized());
      std::atexit([] { (void)arrow::fs::EnsureS3Finalized(); });
      options_ = arrow::fs::S3Options::Defaults();
    }
    // Three calls, between which temporary keys may be renewed: only an answer that comes twice is one.
    AwsCredentials credentials = Ask();
    for (AwsCredentials again = Ask(); again.access_key != credentials.access_key; again = Ask()) credentials = again;
    if (credentials.access_key.empty()) {
      return Error(ErrorKind::kForbidden,
                   "there are no credentials for the S3 store: set auth_key and auth_secret of the layer (of backups "
                   "GIGAPI_BACKUP_AUTH_KEY and GIGAPI_BACKUP_AUTH_SECRET), or those of the "
                   "environment (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, or a role of this machine)");
    }
    known_ = credentials;
    known_at_ns_ = SteadyNanos();
    return credentials;
  }

 private:
  AwsCredentials Ask() const {
    return {.access_key = options_->GetAccessKey(),
            .secret_key = options_->GetSecretKey(),
            .session_token = options_->GetSessionToken()};
  }

  std::mutex mutex_;
  std::optional<arrow::fs::S3Options> options_;
  std::optional<AwsCredentials> known_;
  int64_t known_at_ns_ = 0;
};

}  // namespace

std::unique_ptr<S3CredentialsSource> FixedCredentials(AwsCredentials credentials) {
  return std::make_unique<Fixed>(std::move(credentials));
}

std::unique_ptr<S3CredentialsSource> UsualCredentials() {
  const auto value = [](const char* name) {
    const char* text = std::getenv(name);
    return std::string(text == nullptr ? "" : text);
  };
  AwsCredentials environment{.access_key = value("AWS_ACCESS_KEY_ID"),
                             .secret_key = value("AWS_SECRET_ACCESS_KEY"),
                             .session_token = value("AWS_SESSION_TOKEN")};
  if (!environment.access_key.empty() && !environment.secret_key.empty()) return FixedCredentials(std::move(environment));
  return std::make_unique<SdkChain>();
}

}  // namespace gigapi
