#include "object_store/redis/redis_reply.h"

namespace gigapi {
namespace {

struct Meaning {
  std::string_view word;
  ErrorKind kind;
  std::string_view text;
  bool is_transient = false;
};

// https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors and src/server.c of Redis
constexpr Meaning kMeanings[] = {
    {"NOAUTH", ErrorKind::kForbidden, "Redis asks for a password"},
    {"WRONGPASS", ErrorKind::kForbidden, "Redis refuses the user or the password"},
    {"NOPERM", ErrorKind::kForbidden, "the user of Redis may not do that"},
    {"LOADING", ErrorKind::kUnavailable, "Redis is reading its data", true},
    {"MASTERDOWN", ErrorKind::kUnavailable, "Redis is a replica without its primary", true},
    {"READONLY", ErrorKind::kUnavailable, "Redis is a replica", true},
    {"CLUSTERDOWN", ErrorKind::kUnavailable, "the cluster of Redis is not complete", true},
    {"TRYAGAIN", ErrorKind::kUnavailable, "the cluster of Redis is moving the data", true},
    {"NOREPLICAS", ErrorKind::kUnavailable, "Redis has fewer replicas than it wants", true},
    {"BUSY", ErrorKind::kUnavailable, "Redis is busy with a script", true},
    {"MISCONF", ErrorKind::kUnavailable, "Redis cannot write to its disk"},
    {"OOM", ErrorKind::kUnavailable, "Redis is out of memory: its maxmemory is reached"},
    {"MOVED", ErrorKind::kUnsupported, "another node of the cluster of Redis has the data: name that one"},
};

const Meaning* MeaningOf(const redisReply& reply) {
  for (const Meaning& meaning : kMeanings) {
    if (IsRedisError(reply, meaning.word)) return &meaning;
  }
  return nullptr;
}

}  // namespace

bool IsRedisError(const redisReply& reply, std::string_view word) {
  const std::string_view text = TextOf(reply);
  return reply.type == REDIS_REPLY_ERROR && text.starts_with(word) &&
         (text.size() == word.size() || text[word.size()] == ' ');
}

bool IsTransientRedisError(const redisReply& reply) {
  const Meaning* meaning = MeaningOf(reply);
  return meaning != nullptr && meaning->is_transient;
}

Status ExplainRedisReply(const redisReply& reply) {
  if (reply.type != REDIS_REPLY_ERROR) return Status::OK();
  const std::string_view text = TextOf(reply);
  if (const Meaning* meaning = MeaningOf(reply)) return Errorf(meaning->kind, "{} ({})", meaning->text, text);
  return Errorf(ErrorKind::kInternal, "Redis does not understand: {}", text);
}

}  // namespace gigapi
