#include "object_store/redis/redis_client.h"

#include <openssl/evp.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "base/clock.h"
#include "base/log.h"

namespace gigapi {
namespace {

constexpr int64_t kBusyWaitMsMax = 30'000;
constexpr std::chrono::milliseconds kCancelledLook{50};

/// By which Redis names a script; no secret rests on it.
std::string Sha1Hex(std::string_view text) {
  std::array<unsigned char, 20> digest;
  EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha1(), nullptr);
  std::string hex;
  for (const unsigned char byte : digest) hex += fmt::format("{:02x}", byte);
  return hex;
}

}  // namespace

RedisScript::RedisScript(std::string text) : text_(std::move(text)), digest_(Sha1Hex(text_)) {}

RedisClient::RedisClient(RedisUrl url, RedisClientOptions options, std::shared_ptr<const TlsContext> tls,
                         Cancellation* cancellation)
    : url_(std::move(url)),
      options_(options),
      tls_(std::move(tls)),
      cancellation_(cancellation == nullptr ? &own_cancellation_ : cancellation) {}

Result<std::unique_ptr<RedisClient>> RedisClient::Make(RedisUrl url, RedisClientOptions options,
                                                       Cancellation* cancellation) {
  std::shared_ptr<const TlsContext> tls;
  if (url.secure) {
    ARROW_ASSIGN_OR_RAISE(tls, TlsContext::Make({.authorities_file = url.authorities_file,
                                                 .certificate_file = url.certificate_file,
                                                 .key_file = url.key_file}));
  }
  return std::unique_ptr<RedisClient>(new RedisClient(std::move(url), options, std::move(tls), cancellation));
}

Status RedisClient::WithPlace(const Status& failure) const {
  return Errorf(KindOf(failure), "{}: {}", ToString(url_), failure.message());
}

Result<std::unique_ptr<RedisConnection>> RedisClient::Connect() {
  auto opened = RedisConnection::Open(url_, tls_, options_.limits, cancellation_);
  if (!opened.ok()) return WithPlace(opened.status());
  return opened;
}

/// The connection that was used last if it is still good, or a new one.
Result<std::unique_ptr<RedisConnection>> RedisClient::Take() {
  std::unique_lock lock(mutex_);
  const int64_t deadline_ns = SteadyNanos() + kBusyWaitMsMax * kNanosPerMilli;
  while (!returned_.wait_for(lock, kCancelledLook, [&] { return taken_ < options_.connections_max; })) {
    if (cancellation_->cancelled()) return Errorf(ErrorKind::kCancelled, "{}: given up", ToString(url_));
    if (SteadyNanos() > deadline_ns) {
      return Errorf(ErrorKind::kUnavailable, "{}: all connections are in use", ToString(url_));
    }
  }
  ++taken_;
  while (!idle_.empty()) {
    auto connection = std::move(idle_.back());
    idle_.pop_back();
    if (connection->IsQuiet()) return connection;
  }
  lock.unlock();
  auto connection = Connect();
  if (!connection.ok()) GiveBack(nullptr);
  return connection;
}

/// nullptr: it is no good any more.
void RedisClient::GiveBack(std::unique_ptr<RedisConnection> connection) {
  {
    const std::lock_guard lock(mutex_);
    --taken_;
    if (connection) idle_.push_back(std::move(connection));
  }
  returned_.notify_one();
}

RedisClient::Attempt RedisClient::TryOnce(std::span<const RedisCommand> commands) {
  auto connection = Take();
  if (!connection.ok()) return {.replies = connection.status()};
  auto replies = (*connection)->Exchange(commands);
  if (!replies.ok()) {
    GiveBack(nullptr);
    return {.replies = WithPlace(replies.status()), .may_have_arrived = true};
  }
  const auto transient =
      std::find_if(replies->begin(), replies->end(), [](const RedisReply& reply) { return IsTransientRedisError(*reply); });
  if (transient == replies->end()) {
    GiveBack(*std::move(connection));
    return {.replies = std::move(replies)};
  }
  GiveBack(nullptr);  // the next may lead to the new primary
  return {.replies = WithPlace(ExplainRedisReply(**transient))};
}

Status RedisClient::Pause(int64_t ms) {
  pollfd cancelled{.fd = cancellation_->event(), .events = POLLIN, .revents = 0};
  (void)::poll(&cancelled, 1, static_cast<int>(ms));
  return cancellation_->cancelled() ? Errorf(ErrorKind::kCancelled, "{}: given up", ToString(url_)) : Status::OK();
}

Result<RedisOutcome> RedisClient::Send(std::span<const RedisCommand> commands) {
  const int64_t begun_ns = SteadyNanos();
  bool may_have_worked = false;
  for (int attempt = 1;; ++attempt) {
    Attempt tried = TryOnce(commands);
    if (tried.replies.ok()) {
      return RedisOutcome{.replies = *std::move(tried.replies), .earlier_may_have_worked = may_have_worked};
    }
    const Status failure = tried.replies.status();
    if (KindOf(failure) != ErrorKind::kUnavailable) return failure;
    ++counters_.failures;
    may_have_worked = may_have_worked || tried.may_have_arrived;
    const int64_t delay_ms = options_.retries.DelayMs(attempt, (SteadyNanos() - begun_ns) / kNanosPerMilli, RandomShare());
    LOG_DEBUG("a request to Redis failed", "command={} attempt={} retry_in_ms={} reason=\"{}\"", commands.front().front(),
              attempt, delay_ms, failure.message());
    if (delay_ms < 0) return failure;
    ++counters_.retries;
    ARROW_RETURN_NOT_OK(Pause(delay_ms));
  }
}

Result<RedisOutcome> RedisClient::Run(const RedisScript& script, std::span<const std::string_view> keys,
                                      std::span<const std::string_view> arguments) {
  const std::string key_count = std::to_string(keys.size());
  RedisCommand command = {"EVALSHA", script.digest(), key_count};
  command.insert(command.end(), keys.begin(), keys.end());
  command.insert(command.end(), arguments.begin(), arguments.end());
  ARROW_ASSIGN_OR_RAISE(RedisOutcome outcome, Send({&command, 1}));
  if (IsRedisError(*outcome.replies.front(), "NOSCRIPT")) {
    const bool may_have_worked = outcome.earlier_may_have_worked;
    command[0] = "EVAL";
    command[1] = script.text();
    ARROW_ASSIGN_OR_RAISE(outcome, Send({&command, 1}));
    outcome.earlier_may_have_worked = outcome.earlier_may_have_worked || may_have_worked;
  }
  if (const Status refused = ExplainRedisReply(*outcome.replies.front()); !refused.ok()) return WithPlace(refused);
  return outcome;
}

Result<RedisReply> RedisClient::Demand(const RedisCommand& command) {
  ARROW_ASSIGN_OR_RAISE(RedisOutcome outcome, Send({&command, 1}));
  if (const Status refused = ExplainRedisReply(*outcome.replies.front()); !refused.ok()) return WithPlace(refused);
  return std::move(outcome.replies.front());
}

}  // namespace gigapi
