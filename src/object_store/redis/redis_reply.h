// What Redis answers.
#pragma once

#include <hiredis/hiredis.h>

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/error.h"

namespace gigapi {

struct FreeRedisReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using RedisReply = std::unique_ptr<redisReply, FreeRedisReply>;

/// Of a text or an error; empty for another reply.
inline std::string_view TextOf(const redisReply& reply) {
  const bool has_text =
      reply.type == REDIS_REPLY_STRING || reply.type == REDIS_REPLY_STATUS || reply.type == REDIS_REPLY_ERROR;
  return has_text ? std::string_view(reply.str, static_cast<size_t>(reply.len)) : std::string_view();
}

inline bool IsNil(const redisReply& reply) { return reply.type == REDIS_REPLY_NIL; }

/// The element, or nullptr when the reply is no array or is shorter.
inline const redisReply* ElementOf(const redisReply& reply, size_t index) {
  return reply.type == REDIS_REPLY_ARRAY && index < reply.elements ? reply.element[index] : nullptr;
}

/// The same as a text; empty where there is none.
inline std::string_view ElementTextOf(const redisReply& reply, size_t index) {
  const redisReply* element = ElementOf(reply, index);
  return element == nullptr ? std::string_view() : TextOf(*element);
}

/// Whether it is an error that begins with this word, such as NOSCRIPT.
bool IsRedisError(const redisReply& reply, std::string_view word);

/// Whether it is an error that will go by itself: starting, failing over, busy with a script. Nothing was carried out.
bool IsTransientRedisError(const redisReply& reply);

/// OK unless it is an error; that by what it means. kForbidden, kUnsupported, kUnavailable or kInternal.
Status ExplainRedisReply(const redisReply& reply);

}  // namespace gigapi
