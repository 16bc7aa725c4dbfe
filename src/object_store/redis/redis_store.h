// Small objects in Redis: a place for a catalog that several nodes share. Large ones (data files) belong elsewhere: an
// object is written, and read by Open's file, as a whole, of kSmallObjectBytesMax at most.
//
// Each change is one script, which Redis carries out at once and alone. A change whose answer was lost is sent again under
// the same random number, by which the script knows that it was carried out; so a conditional put answers kConflict only
// when it was certainly not put.
//
// What was answered OK survives a crash of Redis if it syncs its log for each write (appendfsync always): RedisAdvice says
// what is missing. docs/redis.md has the layout.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "object_store/change_feed.h"
#include "object_store/object_store.h"
#include "object_store/redis/redis_client.h"
#include "object_store/redis/redis_url.h"

namespace gigapi {

struct RedisStoreOptions {
  RedisClientOptions client;
  /// Changes that the feed knows; older ones are forgotten, give or take a hundred. 100 bytes each.
  int64_t changes_max = 100'000;
};

/// Nothing is asked yet. kInvalidArgument when files of TLS cannot be used.
Result<std::unique_ptr<ObjectStore>> MakeRedisStore(const RedisUrl& url, const RedisStoreOptions& options);

struct RedisFeedOptions {
  RedisLimits limits;
  /// How often is asked beside what is told, and how often while nothing can be told.
  int64_t subscribed_poll_ms = 1'000;
  int64_t unsubscribed_poll_ms = 100;
};

/// Of the objects of the store of the same address. Has connections of its own: at most two and those of callers of Since.
Result<std::unique_ptr<ChangeFeed>> MakeRedisFeed(const RedisUrl& url, const RedisFeedOptions& options);

/// What in this Redis's configuration endangers a catalog, one sentence each, for a log at start: keys are evicted when the
/// memory is full, no log of writes, a log that is not synced for each. What the user may not ask is passed over.
Result<std::vector<std::string>> RedisAdvice(const RedisUrl& url, const RedisClientOptions& options);

}  // namespace gigapi
