// Where the keys of an S3 store come from.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "object_store/aws_signature.h"

namespace gigapi {

/// Thread-safe.
class S3CredentialsSource {
 public:
  virtual ~S3CredentialsSource() = default;
  /// The keys as they are now: temporary ones change. May ask a service of the machine.
  virtual Result<AwsCredentials> Get() = 0;
};

/// These keys, for ever.
std::unique_ptr<S3CredentialsSource> FixedCredentials(AwsCredentials credentials);

/// What other programs of this machine would use: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, the
/// profile of the files that `aws configure` writes, a web identity, the role of the container or of the machine.
std::unique_ptr<S3CredentialsSource> UsualCredentials();

}  // namespace gigapi
