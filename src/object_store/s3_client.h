// Requests to one bucket: addressed, signed, sent, sent again while that may help, and explained when they were refused.
// Thread-safe.
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "object_store/http_transport.h"
#include "object_store/retry_policy.h"
#include "object_store/s3_credentials.h"
#include "object_store/store_counters.h"
#include "object_store/store_url.h"

namespace gigapi {

struct S3Call {
  std::string method = "GET";
  std::string key = {};  // in the bucket, with the store's prefix; empty: the bucket itself
  HttpFields parameters = {};
  HttpFields headers = {};
  std::string_view body = {};
  std::span<char> into = {};                 // as HttpExchange has it
  std::atomic<int64_t>* requests = nullptr;  // the counter of its sort
};

/// The answer that counts: of the last attempt.
struct S3Reply {
  HttpReply http;
  std::string error_code;  // of S3, such as NoSuchKey; empty where there is none
  /// An earlier attempt got no answer, or one that leaves open whether it was carried out.
  bool earlier_may_have_worked = false;

  bool ok() const { return http.status / 100 == 2; }
};

class S3Client {
 public:
  S3Client(StoreUrl url, std::unique_ptr<HttpTransport> transport, std::unique_ptr<S3CredentialsSource> credentials,
           RetryPolicy retries)
      : url_(std::move(url)), transport_(std::move(transport)), credentials_(std::move(credentials)), retries_(retries) {}

  /// Every answer that sending again will not change; fails when there is none after all attempts.
  Result<S3Reply> Send(const S3Call& call);

  /// Why an answer was a refusal; OK when it is 2xx. 404 is kNotFound, 412 kConflict.
  Status Explain(const S3Call& call, const S3Reply& reply) const;

  /// Send, and a refusal is a failure.
  Result<S3Reply> Demand(const S3Call& call);

  const StoreUrl& url() const { return url_; }
  StoreCounters& counters() { return counters_; }

 private:
  HttpOutcome SendOnce(const S3Call& call, const AwsCredentials& credentials);
  std::string Host() const;

  const StoreUrl url_;
  const std::unique_ptr<HttpTransport> transport_;
  const std::unique_ptr<S3CredentialsSource> credentials_;
  const RetryPolicy retries_;
  StoreCounters counters_;
};

/// Where requests of the store go.
HttpEndpoint EndpointOf(const StoreUrl& url);

}  // namespace gigapi
