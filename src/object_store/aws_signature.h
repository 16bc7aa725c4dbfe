// AWS Signature Version 4 of a request to S3 (docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/digest.h"

namespace gigapi {

/// Never printed: has no ToString, and no message is made of it.
struct AwsCredentials {
  std::string access_key;
  std::string secret_key;
  std::string session_token = {};  // of temporary ones
};

using HttpFields = std::vector<std::pair<std::string, std::string>>;

struct UnsignedRequest {
  std::string method;
  std::string path;        // percent-encoded
  HttpFields parameters;   // of the query, not encoded, in any order
  HttpFields headers;      // lower case names; all are signed, "host" must be there
  Sha256Digest body_hash;  // sent with the request, so that the store refuses a body that was changed on its way
};

/// The query as it is signed and must be sent: encoded, in order, without the question mark.
std::string CanonicalQuery(const HttpFields& parameters);

/// The headers of `request` and those that carry the signature.
HttpFields SignedHeaders(const UnsignedRequest& request, const AwsCredentials& credentials, const std::string& region,
                         int64_t now_ns);

}  // namespace gigapi
