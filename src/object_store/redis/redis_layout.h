// What a catalog looks like inside Redis: the names of its keys, the record of an object, the scripts that change it. Pure.
// docs/redis.md says it for users.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "object_store/redis/redis_client.h"

namespace gigapi {

/// All keys have the prefix in braces: a cluster keeps what is in equal braces on one node, as scripts need it.
struct RedisKeys {
  explicit RedisKeys(const std::string& prefix);

  std::string ObjectKey(std::string_view key) const { return objects + std::string(key); }

  const std::string objects;  // and the key of an object: a string, the record
  const std::string index;    // sorted set by the bytes of keys, all of score 0
  const std::string state;    // hash: epoch, version
  const std::string changes;  // stream: of version n the entry n-0 with o (p: put, r: removed), k: key, i: nonce
  const std::string notices;  // channel: the newest version after each change
};

/// Which change of a key it was: of all changes the n-th, and a random number, so that changes of which a Redis that fell
/// back to an older state knows nothing are told from those that it counts alike.
struct RedisVersion {
  static constexpr size_t kBytes = 16;
  static constexpr size_t kNonceBytes = 8;

  uint64_t number = 0;
  std::string nonce = std::string(kNonceBytes, '\0');

  bool operator==(const RedisVersion&) const = default;
};

/// "123-0123456789abcdef"
std::string ToString(const RedisVersion& version);
Result<RedisVersion> ParseRedisVersion(std::string_view text);
/// As a record begins with it.
std::string PackVersion(const RedisVersion& version);
RedisVersion UnpackVersion(std::string_view packed);

/// kNonceBytes random bytes. Thread-safe.
std::string NewNonce();
std::string NonceHex(std::string_view nonce);

/// A record is this and the packed content (redis_content.h).
struct RedisRecordHeader {
  /// Version (16 bytes), modification time in microseconds (8), size of the content (4), all big-endian.
  static constexpr size_t kBytes = RedisVersion::kBytes + 12;

  RedisVersion version;
  int64_t modified_ns = 0;
  uint64_t size_bytes = 0;
};

/// Of a record or its first kBytes; kInternal when it is none.
Result<RedisRecordHeader> ReadRecordHeader(std::string_view record);

/// KEYS: object, index, state, changes. ARGV: condition (any, absent, version), packed version, nonce, key, epoch for a new
/// catalog, most changes to keep, channel, size, packed content. Answers the packed version, or nil: the condition does not
/// hold. Carried out again with the same nonce it changes nothing.
const RedisScript& PutScript();
/// KEYS as above. ARGV: nonce, key, epoch, most changes to keep, channel. Answers 1, or 0: there was none.
const RedisScript& RemoveScript();
/// KEYS: state, changes. ARGV: epoch, number and nonce of a cursor, most changes to answer. Answers {1, {changes}} of
/// XRANGE, or {0, epoch, number, nonce} of now when it is not known what changed since.
const RedisScript& SinceScript();

}  // namespace gigapi
