// One connection to Redis: logged in, in its database; commands out, replies in. hiredis forms and reads the protocol, the
// bytes go over a stream of our own, for every wait must have an end and TLS must work with every hiredis that Debian has.
// Used by one thread at a time. After a failure only destruction may follow.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "object_store/redis/redis_reply.h"
#include "object_store/redis/redis_url.h"
#include "object_store/redis/socket_stream.h"

namespace gigapi {

/// A command and its arguments, which may have any bytes.
using RedisCommand = std::vector<std::string_view>;

struct RedisLimits {
  int64_t connect_ms_max = 3'000;  // with TLS and log-in
  int64_t silence_ms_max = 5'000;  // without a byte in either direction
  /// A whole exchange: this long, and a second more for each so many bytes.
  int64_t exchange_ms_max = 20'000;
  int64_t bytes_per_second_min = 256 << 10;
};

class RedisConnection {
 public:
  /// kForbidden when the log-in is refused. `cancellation` must outlive the connection, `limits` and `tls` are copied.
  static Result<std::unique_ptr<RedisConnection>> Open(const RedisUrl& url, std::shared_ptr<const TlsContext> tls,
                                                       const RedisLimits& limits, const Cancellation* cancellation);

  /// Sends the commands at once and reads a reply to each; replies may be errors of Redis.
  Result<std::vector<RedisReply>> Exchange(std::span<const RedisCommand> commands);

  /// For subscriptions: what comes unasked. nullptr when nothing came before the deadline.
  Result<RedisReply> Receive(int64_t deadline_ns);

  bool IsQuiet() const { return stream_->IsQuiet(); }

 private:
  RedisConnection(std::unique_ptr<SocketStream> stream, std::shared_ptr<const TlsContext> tls, const RedisLimits& limits);
  Status LogIn(const RedisUrl& url);
  Result<RedisReply> ReadReply();
  /// A reply that is there already, or nullptr.
  Result<RedisReply> TakeReply();
  int64_t DeadlineNs() const;

  struct FreeReader {
    void operator()(redisReader* reader) const { redisReaderFree(reader); }
  };

  const std::shared_ptr<const TlsContext> tls_;
  const std::unique_ptr<SocketStream> stream_;
  const std::unique_ptr<redisReader, FreeReader> reader_;
  const RedisLimits limits_;
  int64_t begun_ns_ = 0;  // of the exchange
  int64_t moved_bytes_ = 0;
};

}  // namespace gigapi
