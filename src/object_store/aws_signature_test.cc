#include "object_store/aws_signature.h"

#include <gtest/gtest.h>

#include "base/clock.h"

namespace gigapi {
namespace {

// The examples of the documentation: 2013-05-24T00:00:00Z, us-east-1.
const AwsCredentials kCredentials{.access_key = "AKIAIOSFODNN7EXAMPLE",
                                  .secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};
constexpr int64_t kTime = 1'369'353'600 * kNanosPerSecond;

std::string Find(const HttpFields& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return "";
}

std::string SignatureOf(const UnsignedRequest& request) {
  const std::string value = Find(SignedHeaders(request, kCredentials, "us-east-1", kTime), "authorization");
  return value.substr(value.rfind('=') + 1);
}

TEST(AwsSignature, SignsTheDocumentedRequests) {
  EXPECT_EQ(SignatureOf({.method = "GET",
                         .path = "/test.txt",
                         .parameters = {},
                         .headers = {{"host", "examplebucket.s3.amazonaws.com"}, {"range", "bytes=0-9"}},
                         .body_hash = Sha256("")}),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  EXPECT_EQ(SignatureOf({.method = "PUT",
                         .path = "/test%24file.text",
                         .parameters = {},
                         .headers = {{"host", "examplebucket.s3.amazonaws.com"},
                                     {"date", "Fri, 24 May 2013 00:00:00 GMT"},
                                     {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
                         .body_hash = Sha256("Welcome to Amazon S3.")}),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
  EXPECT_EQ(SignatureOf({.method = "GET",
                         .path = "/",
                         .parameters = {{"lifecycle", ""}},
                         .headers = {{"host", "examplebucket.s3.amazonaws.com"}},
                         .body_hash = Sha256("")}),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  EXPECT_EQ(SignatureOf({.method = "GET",
                         .path = "/",
                         .parameters = {{"prefix", "J"}, {"max-keys", "2"}},
                         .headers = {{"host", "examplebucket.s3.amazonaws.com"}},
                         .body_hash = Sha256("")}),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(AwsSignature, SendsTheTokenOfTemporaryCredentials) {
  AwsCredentials temporary = kCredentials;
  temporary.session_token = "token";
  const auto headers =
      SignedHeaders({.method = "GET", .path = "/", .parameters = {}, .headers = {{"host", "h"}}, .body_hash = Sha256("")},
                    temporary, "r", kTime);
  EXPECT_EQ(Find(headers, "x-amz-security-token"), "token");
  EXPECT_NE(Find(headers, "authorization").find("x-amz-security-token"), std::string::npos);
}

TEST(AwsSignature, EncodesQueriesInOrder) {
  EXPECT_EQ(CanonicalQuery({{"start-after", "a b/c"}, {"prefix", ""}, {"list-type", "2"}}),
            "list-type=2&prefix=&start-after=a%20b%2Fc");
}

}  // namespace
}  // namespace gigapi
