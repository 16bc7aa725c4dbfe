#include "object_store/aws_signature.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "base/clock.h"
#include "base/percent_encoding.h"

namespace gigapi {
namespace {

std::string AmzDate(int64_t now_ns) {
  const std::time_t seconds = now_ns / kNanosPerSecond;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour,
                     utc.tm_min, utc.tm_sec);
}

}  // namespace

std::string CanonicalQuery(const HttpFields& parameters) {
  HttpFields encoded;
  for (const auto& [name, value] : parameters) encoded.emplace_back(PercentEncode(name), PercentEncode(value));
  std::sort(encoded.begin(), encoded.end());
  std::string query;
  for (const auto& [name, value] : encoded) query += (query.empty() ? "" : "&") + name + "=" + value;
  return query;
}

HttpFields SignedHeaders(const UnsignedRequest& request, const AwsCredentials& credentials, const std::string& region,
                         int64_t now_ns) {
  const std::string time = AmzDate(now_ns);
  const std::string date = time.substr(0, 8);
  const std::string body_hash = Hex(request.body_hash);
  HttpFields headers = request.headers;
  headers.emplace_back("x-amz-content-sha256", body_hash);
  headers.emplace_back("x-amz-date", time);
  if (!credentials.session_token.empty()) headers.emplace_back("x-amz-security-token", credentials.session_token);
  std::sort(headers.begin(), headers.end());

  std::string canonical = request.method + "\n" + request.path + "\n" + CanonicalQuery(request.parameters) + "\n";
  std::string names;
  for (const auto& [name, value] : headers) {
    canonical += name + ":" + value + "\n";
    names += (names.empty() ? "" : ";") + name;
  }
  canonical += "\n" + names + "\n" + body_hash;

  const std::string scope = date + "/" + region + "/s3/aws4_request";
  const std::string to_sign = "AWS4-HMAC-SHA256\n" + time + "\n" + scope + "\n" + Hex(Sha256(canonical));
  const Sha256Digest date_key = HmacSha256("AWS4" + credentials.secret_key, date);
  const Sha256Digest region_key = HmacSha256(AsBytes(date_key), region);
  const Sha256Digest service_key = HmacSha256(AsBytes(region_key), "s3");
  const Sha256Digest signing_key = HmacSha256(AsBytes(service_key), "aws4_request");
  headers.emplace_back("authorization",
                       fmt::format("AWS4-HMAC-SHA256 Credential={}/{},SignedHeaders={},Signature={}", credentials.access_key,
                                   scope, names, Hex(HmacSha256(AsBytes(signing_key), to_sign))));
  return headers;
}

}  // namespace gigapi
