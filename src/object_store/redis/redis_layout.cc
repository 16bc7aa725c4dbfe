#include "object_store/redis/redis_layout.h"

#include <algorithm>
#include <charconv>
#include <random>

#include "base/clock.h"

namespace gigapi {
namespace {

// Numbers of Lua are doubles and print 15 digits at most unless told how.
constexpr const char* kNextVersion = R"lua(
local function next_version(epoch, changes_max, channel, operation, key, nonce)
  local n = redis.call('HINCRBY', KEYS[3], 'version', 1)
  if n == 1 then
    redis.call('HSET', KEYS[3], 'epoch', epoch)
    redis.call('DEL', KEYS[4])
  end
  local text = string.format('%.0f', n)
  redis.call('XADD', KEYS[4], 'MAXLEN', '~', changes_max, text .. '-0', 'o', operation, 'k', key, 'i', nonce)
  redis.call('PUBLISH', channel, text)
  return n
end
)lua";

constexpr const char* kPut = R"lua(
local there = redis.call('GETRANGE', KEYS[1], 0, 15)
if there ~= '' and string.sub(there, 9) == ARGV[3] then return there end
if ARGV[1] == 'absent' and there ~= '' then return false end
if ARGV[1] == 'version' and there ~= ARGV[2] then return false end
local n = next_version(ARGV[5], ARGV[6], ARGV[7], 'p', ARGV[4], ARGV[3])
local version = struct.pack('>I8', n) .. ARGV[3]
local now = redis.call('TIME')
local header = version .. struct.pack('>I8I4', now[1] * 1000000 + now[2], tonumber(ARGV[8]))
redis.call('SET', KEYS[1], header .. ARGV[9])
redis.call('ZADD', KEYS[2], 0, ARGV[4])
return version
)lua";

constexpr const char* kRemove = R"lua(
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
next_version(ARGV[3], ARGV[4], ARGV[5], 'r', ARGV[2], ARGV[1])
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[2])
return 1
)lua";

constexpr const char* kSince = R"lua(
local state = redis.call('HMGET', KEYS[1], 'epoch', 'version')
local epoch, number = state[1] or '', state[2] or '0'
local function nonce_of(n)
  local entry = redis.call('XRANGE', KEYS[2], n .. '-0', n .. '-0')[1]
  return entry and entry[2][6]
end
local nonce = nonce_of(number) or string.rep('\0', 8)
local known = ARGV[2] ~= '0' and nonce_of(ARGV[2])
local is_known = ARGV[2] == number and nonce == ARGV[3] or known == ARGV[3]
if epoch ~= ARGV[1] or not is_known then
  local is_trimmed = epoch == ARGV[1] and not known and tonumber(ARGV[2]) <= tonumber(number)
  return {0, epoch, number, nonce, is_trimmed and 0 or 1}
end
return {1, redis.call('XRANGE', KEYS[2], ARGV[2] .. '-1', '+', 'COUNT', ARGV[4])}
)lua";

void AppendBigEndian(uint64_t value, std::string* out) {
  for (int shift = 56; shift >= 0; shift -= 8) *out += static_cast<char>(value >> shift);
}

uint64_t ReadBigEndian(std::string_view bytes) {
  uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

}  // namespace

RedisKeys::RedisKeys(const std::string& prefix)
    : objects("{gigapi:" + prefix + "}:o:"),
      index("{gigapi:" + prefix + "}:index"),
      state("{gigapi:" + prefix + "}:state"),
      changes("{gigapi:" + prefix + "}:changes"),
      notices("{gigapi:" + prefix + "}:notices") {}

std::string NewNonce() {
  thread_local std::random_device random;
  std::string nonce;
  AppendBigEndian(uint64_t{random()} << 32 | random(), &nonce);
  return nonce;
}

std::string NonceHex(std::string_view nonce) { return fmt::format("{:016x}", ReadBigEndian(nonce)); }

std::string ToString(const RedisVersion& version) { return fmt::format("{}-{}", version.number, NonceHex(version.nonce)); }

Result<RedisVersion> ParseRedisVersion(std::string_view text) {
  RedisVersion version;
  uint64_t nonce = 0;
  const char* const end = text.data() + text.size();
  const auto number = std::from_chars(text.data(), end, version.number);
  const bool has_number = number.ec == std::errc() && number.ptr != end && *number.ptr == '-';
  const auto read = has_number ? std::from_chars(number.ptr + 1, end, nonce, 16) : number;
  if (!has_number || read.ec != std::errc() || read.ptr != end || end - number.ptr != 17) {
    return Error(ErrorKind::kInvalidArgument, "this is no version of an object in Redis");
  }
  version.nonce.clear();
  AppendBigEndian(nonce, &version.nonce);
  return version;
}

std::string PackVersion(const RedisVersion& version) {
  std::string packed;
  AppendBigEndian(version.number, &packed);
  return packed + version.nonce;
}

RedisVersion UnpackVersion(std::string_view packed) {
  return {.number = ReadBigEndian(packed.substr(0, 8)), .nonce = std::string(packed.substr(8, RedisVersion::kNonceBytes))};
}

Result<RedisRecordHeader> ReadRecordHeader(std::string_view record) {
  if (record.size() < RedisRecordHeader::kBytes)
    return Error(ErrorKind::kInternal, "Redis has something else for an object");
  RedisRecordHeader header{.version = UnpackVersion(record)};
  // Whatever lies there: a time beyond what nanoseconds can say is the last one.
  constexpr uint64_t kMicrosMax = INT64_MAX / kNanosPerMicro;
  header.modified_ns = static_cast<int64_t>(std::min(ReadBigEndian(record.substr(16, 8)), kMicrosMax)) * kNanosPerMicro;
  header.size_bytes = ReadBigEndian(record.substr(24, 4));
  return header;
}

const RedisScript& PutScript() {
  static const RedisScript script(std::string(kNextVersion) + kPut);
  return script;
}

const RedisScript& RemoveScript() {
  static const RedisScript script(std::string(kNextVersion) + kRemove);
  return script;
}

const RedisScript& SinceScript() {
  static const RedisScript script(kSince);
  return script;
}

}  // namespace gigapi
