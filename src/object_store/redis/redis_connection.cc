#include "object_store/redis/redis_connection.h"

#include <algorithm>

#include "base/clock.h"

namespace gigapi {
namespace {

constexpr size_t kPieceBytes = 64 << 10;

void AppendCommand(const RedisCommand& command, std::string* bytes) {
  std::vector<const char*> arguments;
  std::vector<size_t> sizes;
  for (const std::string_view argument : command) {
    arguments.push_back(argument.data() == nullptr ? "" : argument.data());
    sizes.push_back(argument.size());
  }
  char* formed = nullptr;
  const int size = redisFormatCommandArgv(&formed, static_cast<int>(command.size()), arguments.data(), sizes.data());
  if (size > 0) bytes->append(formed, static_cast<size_t>(size));
  redisFreeCommand(formed);
}

}  // namespace

RedisConnection::RedisConnection(std::unique_ptr<SocketStream> stream, std::shared_ptr<const TlsContext> tls,
                                 const RedisLimits& limits)
    : tls_(std::move(tls)), stream_(std::move(stream)), reader_(redisReaderCreate()), limits_(limits) {}

Result<std::unique_ptr<RedisConnection>> RedisConnection::Open(const RedisUrl& url, std::shared_ptr<const TlsContext> tls,
                                                               const RedisLimits& limits, const Cancellation* cancellation) {
  const int64_t deadline_ns = SteadyNanos() + limits.connect_ms_max * kNanosPerMilli;
  ARROW_ASSIGN_OR_RAISE(auto stream, SocketStream::Connect(url.host, url.port, tls.get(), deadline_ns, cancellation));
  std::unique_ptr<RedisConnection> connection(new RedisConnection(std::move(stream), std::move(tls), limits));
  ARROW_RETURN_NOT_OK(connection->LogIn(url));
  return connection;
}

Status RedisConnection::LogIn(const RedisUrl& url) {
  std::vector<RedisCommand> commands;
  if (!url.password.empty()) {
    commands.push_back({"AUTH"});
    if (!url.user.empty()) commands.back().push_back(url.user);
    commands.back().push_back(url.password);
  }
  const std::string database = std::to_string(url.database);
  if (url.database != 0) commands.push_back({"SELECT", database});
  if (commands.empty()) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const auto replies, Exchange(commands));
  for (size_t i = 0; i < commands.size(); ++i) {
    const redisReply& reply = *replies[i];
    if (reply.type != REDIS_REPLY_ERROR) continue;
    Status failure = ExplainRedisReply(reply);
    if (KindOf(failure) != ErrorKind::kInternal) return failure;
    // "ERR invalid password" and the like of older ones
    if (commands[i].front() == "AUTH") return Error(ErrorKind::kForbidden, "Redis refuses the user or the password");
    return Errorf(ErrorKind::kInvalidArgument, "Redis has no database {}", url.database);
  }
  return Status::OK();
}

int64_t RedisConnection::DeadlineNs() const {
  const int64_t whole_ms = limits_.exchange_ms_max + 1'000 * moved_bytes_ / limits_.bytes_per_second_min;
  return std::min(SteadyNanos() + limits_.silence_ms_max * kNanosPerMilli, begun_ns_ + whole_ms * kNanosPerMilli);
}

Result<std::vector<RedisReply>> RedisConnection::Exchange(std::span<const RedisCommand> commands) {
  std::string bytes;
  for (const RedisCommand& command : commands) AppendCommand(command, &bytes);
  begun_ns_ = SteadyNanos();
  moved_bytes_ = 0;
  for (std::string_view rest = bytes; !rest.empty();) {
    const std::string_view piece = rest.substr(0, kPieceBytes);
    ARROW_RETURN_NOT_OK(stream_->Write(piece, DeadlineNs()));
    moved_bytes_ += static_cast<int64_t>(piece.size());
    rest.remove_prefix(piece.size());
  }
  std::vector<RedisReply> replies;
  while (replies.size() < commands.size()) {
    ARROW_ASSIGN_OR_RAISE(RedisReply reply, ReadReply());
    replies.push_back(std::move(reply));
  }
  return replies;
}

Result<RedisReply> RedisConnection::TakeReply() {
  void* reply = nullptr;
  if (redisReaderGetReply(reader_.get(), &reply) != REDIS_OK) {
    return Error(ErrorKind::kUnavailable, "what answers does not speak the protocol of Redis");
  }
  return RedisReply(static_cast<redisReply*>(reply));
}

Result<RedisReply> RedisConnection::ReadReply() {
  char piece[kPieceBytes];
  while (true) {
    ARROW_ASSIGN_OR_RAISE(RedisReply reply, TakeReply());
    if (reply) return reply;
    ARROW_ASSIGN_OR_RAISE(const size_t size, stream_->Read(piece, sizeof(piece), DeadlineNs()));
    moved_bytes_ += static_cast<int64_t>(size);
    if (redisReaderFeed(reader_.get(), piece, size) != REDIS_OK) {
      return Error(ErrorKind::kUnavailable, "an answer of Redis cannot be read");
    }
  }
}

Result<RedisReply> RedisConnection::Receive(int64_t deadline_ns) {
  ARROW_ASSIGN_OR_RAISE(RedisReply reply, TakeReply());
  if (reply) return reply;
  ARROW_ASSIGN_OR_RAISE(const bool readable, stream_->AwaitReadable(deadline_ns));
  if (!readable) return RedisReply();
  begun_ns_ = SteadyNanos();
  moved_bytes_ = 0;
  return ReadReply();
}

}  // namespace gigapi
