// Requests to one Redis: over a bounded pool of connections, sent again while that may help. Thread-safe.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "object_store/redis/redis_connection.h"
#include "object_store/retry_policy.h"
#include "object_store/store_counters.h"

namespace gigapi {

struct RedisClientOptions {
  RedisLimits limits = {};
  size_t connections_max = 16;  // callers wait for a free one
  /// A Redis that is restarted or fails over is waited for.
  RetryPolicy retries = {.attempts_max = 60, .first_delay_ms = 20, .delay_ms_max = 1'000, .elapsed_ms_max = 30'000};
};

/// A Lua script that Redis keeps under the digest of its text.
class RedisScript {
 public:
  explicit RedisScript(std::string text);
  const std::string& text() const { return text_; }
  const std::string& digest() const { return digest_; }

 private:
  const std::string text_;
  const std::string digest_;
};

struct RedisOutcome {
  std::vector<RedisReply> replies;  // one for each command
  /// An earlier attempt got no answer and may have been carried out.
  bool earlier_may_have_worked = false;
};

class RedisClient {
 public:
  /// `cancellation` may be null; else it must outlive the client, whose calls fail with kCancelled once it is cancelled.
  static Result<std::unique_ptr<RedisClient>> Make(RedisUrl url, RedisClientOptions options, Cancellation* cancellation);

  /// Sends the commands at once. Errors of Redis are replies, but those that go by themselves, after which it is sent again.
  /// Fails when there is no answer after all attempts, and kForbidden when the log-in is refused.
  Result<RedisOutcome> Send(std::span<const RedisCommand> commands);

  /// Runs a script: one reply, which is no error of Redis.
  Result<RedisOutcome> Run(const RedisScript& script, std::span<const std::string_view> keys,
                           std::span<const std::string_view> arguments);

  /// One command whose errors are failures.
  Result<RedisReply> Demand(const RedisCommand& command);

  /// A connection of one's own.
  Result<std::unique_ptr<RedisConnection>> Connect();

  /// Waits; fails when it is cancelled.
  Status Pause(int64_t ms);

  const RedisUrl& url() const { return url_; }
  StoreCounters& counters() { return counters_; }

 private:
  RedisClient(RedisUrl url, RedisClientOptions options, std::shared_ptr<const TlsContext> tls, Cancellation* cancellation);

  struct Attempt {
    Result<std::vector<RedisReply>> replies;
    bool may_have_arrived = false;
  };
  Attempt TryOnce(std::span<const RedisCommand> commands);
  Result<std::unique_ptr<RedisConnection>> Take();
  void GiveBack(std::unique_ptr<RedisConnection> connection);
  /// A failure with where it happened.
  Status WithPlace(const Status& failure) const;

  const RedisUrl url_;
  const RedisClientOptions options_;
  const std::shared_ptr<const TlsContext> tls_;
  Cancellation own_cancellation_;
  Cancellation* const cancellation_;
  StoreCounters counters_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable returned_;
  size_t taken_ = 0;
  std::vector<std::unique_ptr<RedisConnection>> idle_;
};

}  // namespace gigapi
