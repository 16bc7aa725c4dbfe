#include "object_store/s3_client.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "base/percent_encoding.h"
#include "object_store/s3_xml.h"

namespace gigapi {
namespace {

bool IsTransient(const S3Reply& reply) {
  const int status = reply.http.status;
  if (status == 429 || status == 500 || status == 502 || status == 503 || status == 504) return true;
  // A body that was damaged on its way, or came too slowly; a conditional put that met another one.
  static constexpr std::string_view kCodes[] = {"RequestTimeout",   "IncompleteBody",
                                                "BadDigest",        "XAmzContentSHA256Mismatch",
                                                "OperationAborted", "ConditionalRequestConflict"};
  return std::find(std::begin(kCodes), std::end(kCodes), reply.error_code) != std::end(kCodes);
}

std::string_view Meaning(const S3Reply& reply) {
  const std::string& code = reply.error_code;
  if (code == "NoSuchBucket") return "there is no such bucket";
  if (code == "InvalidAccessKeyId") return "the store does not know the access key";
  if (code == "SignatureDoesNotMatch") return "the secret key is wrong";
  if (code == "ExpiredToken" || code == "TokenRefreshRequired") return "the credentials have expired";
  if (code == "RequestTimeTooSkewed") return "the clock of this machine differs from the store's";
  if (reply.http.status == 404) return "there is no such object";
  if (reply.http.status == 412) return "the object has been changed";
  if (reply.http.status == 401 || reply.http.status == 403) return "the credentials do not allow it";
  if (reply.http.status == 429 || reply.http.status == 503) return "the store asks to slow down";
  if (reply.http.status == 501) return "the store does not know how";
  return "the store refused it";
}

ErrorKind KindOfReply(const S3Reply& reply) {
  const int status = reply.http.status;
  if (reply.error_code == "NoSuchBucket") return ErrorKind::kInvalidArgument;
  if (status == 404) return ErrorKind::kNotFound;
  if (status == 412) return ErrorKind::kConflict;
  if (status == 401 || status == 403) return ErrorKind::kForbidden;
  if (status == 501) return ErrorKind::kUnsupported;
  return status == 429 || status >= 500 ? ErrorKind::kUnavailable : ErrorKind::kInvalidArgument;
}

}  // namespace

HttpEndpoint EndpointOf(const StoreUrl& url) {
  const bool before = url.url_style == S3UrlStyle::kVirtualHost;
  return {.host = before ? url.bucket + "." + url.host : url.host, .port = url.port, .secure = url.secure};
}

std::string S3Client::Host() const {
  const HttpEndpoint endpoint = EndpointOf(url_);
  const uint16_t usual_port = endpoint.secure ? 443 : 80;
  return endpoint.port == usual_port ? endpoint.host : endpoint.host + ":" + std::to_string(endpoint.port);
}

HttpOutcome S3Client::SendOnce(const S3Call& call, const AwsCredentials& credentials) {
  UnsignedRequest request{.method = call.method,
                          .path = "/",
                          .parameters = call.parameters,
                          .headers = call.headers,
                          .body_hash = Sha256(call.body)};
  if (url_.url_style == S3UrlStyle::kPath) request.path += url_.bucket + "/";
  request.path += PercentEncodePath(call.key);
  request.headers.emplace_back("host", Host());
  HttpExchange exchange{.method = call.method,
                        .target = request.path,
                        .headers = SignedHeaders(request, credentials, url_.region, WallNanos()),
                        .body = call.body,
                        .into = call.into};
  if (!call.parameters.empty()) exchange.target += "?" + CanonicalQuery(call.parameters);
  exchange.headers.emplace_back("user-agent", "gigapi");
  if (call.requests != nullptr) ++*call.requests;
  HttpOutcome outcome = transport_->Exchange(exchange);
  counters_.read_bytes += static_cast<int64_t>(outcome.reply.body.size() + outcome.reply.into_bytes);
  if (outcome.status.ok()) counters_.written_bytes += static_cast<int64_t>(call.body.size());
  return outcome;
}

Result<S3Reply> S3Client::Send(const S3Call& call) {
  const int64_t begun_ns = SteadyNanos();
  bool may_have_worked = false;
  for (int attempt = 1;; ++attempt) {
    ARROW_ASSIGN_OR_RAISE(const AwsCredentials credentials, credentials_->Get());
    HttpOutcome outcome = SendOnce(call, credentials);
    S3Reply reply{.http = std::move(outcome.reply), .error_code = {}, .earlier_may_have_worked = may_have_worked};
    if (outcome.status.ok()) {
      // What takes long (CompleteMultipartUpload) begins its answer with 200 before it knows, and may end it with an error.
      if (!reply.ok() || call.method == "POST") reply.error_code = ParseErrorCode(reply.http.body);
      if (reply.ok() && !reply.error_code.empty()) reply.http.status = 500;
      if (!IsTransient(reply)) return reply;
    } else if (KindOf(outcome.status) != ErrorKind::kUnavailable) {
      return outcome.status;
    }
    ++counters_.failures;
    const Status failure = outcome.status.ok() ? Explain(call, reply) : outcome.status;
    may_have_worked = may_have_worked || outcome.status.ok() || outcome.may_have_arrived;
    const int64_t delay_ms = retries_.DelayMs(attempt, (SteadyNanos() - begun_ns) / kNanosPerMilli, RandomShare());
    LOG_DEBUG("a request to a store failed", "store={} method={} key={} attempt={} retry_in_ms={} reason=\"{}\"",
              ToString(url_), call.method, call.key, attempt, delay_ms, failure.message());
    if (delay_ms < 0) return failure;
    ++counters_.retries;
    std::this_thread::sleep_for(std::chrono::milliseconds(delay_ms));
  }
}

Status S3Client::Explain(const S3Call& call, const S3Reply& reply) const {
  if (reply.ok()) return Status::OK();
  std::string details = std::to_string(reply.http.status);
  if (!reply.error_code.empty()) details += " " + reply.error_code;
  const std::string_view region = reply.http.Header("x-amz-bucket-region");
  if (!region.empty() && region != url_.region) {
    return Errorf(ErrorKind::kInvalidArgument, "the bucket {} lies in region {}, not {}: set region={} in its address",
                  url_.bucket, region, url_.region, region);
  }
  const std::string_view id = reply.http.Header("x-amz-request-id");
  if (!id.empty()) details += fmt::format(", request {}", id);
  return Errorf(KindOfReply(reply), "{}: {} of {} failed: {} ({})", ToString(url_), call.method,
                call.key.empty() ? "the bucket" : call.key, Meaning(reply), details);
}

Result<S3Reply> S3Client::Demand(const S3Call& call) {
  ARROW_ASSIGN_OR_RAISE(S3Reply reply, Send(call));
  ARROW_RETURN_NOT_OK(Explain(call, reply));
  return reply;
}

}  // namespace gigapi
