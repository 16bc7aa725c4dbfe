// What in the configuration of a Redis endangers a catalog.
#include <string_view>

#include "object_store/redis/redis_store.h"

namespace gigapi {
namespace {

/// The value of a line "name:value" of INFO; empty: there is none.
std::string_view InfoValue(std::string_view info, std::string_view name) {
  for (size_t begin = 0; begin < info.size();) {
    const size_t end = std::min(info.find('\n', begin), info.size());
    std::string_view line = info.substr(begin, end - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with(name) && line.substr(name.size()).starts_with(':')) return line.substr(name.size() + 1);
    begin = end + 1;
  }
  return {};
}

}  // namespace

Result<std::vector<std::string>> RedisAdvice(const RedisUrl& url, const RedisClientOptions& options) {
  ARROW_ASSIGN_OR_RAISE(const auto client, RedisClient::Make(url, options, nullptr));
  const RedisCommand questions[] = {{"INFO", "memory"}, {"INFO", "persistence"}, {"CONFIG", "GET", "appendfsync"}};
  ARROW_ASSIGN_OR_RAISE(const RedisOutcome outcome, client->Send(questions));
  const std::string_view policy = InfoValue(TextOf(*outcome.replies[0]), "maxmemory_policy");
  const std::string_view maxmemory = InfoValue(TextOf(*outcome.replies[0]), "maxmemory");
  const std::string_view has_log = InfoValue(TextOf(*outcome.replies[1]), "aof_enabled");
  const std::string_view sync = ElementTextOf(*outcome.replies[2], 1);
  std::vector<std::string> advice;
  if (policy.starts_with("allkeys") && maxmemory != "0") {
    advice.push_back(
        fmt::format("maxmemory-policy is {}: a full Redis drops parts of the catalog; set it to noeviction", policy));
  }
  if (has_log == "0") {
    advice.emplace_back("appendonly is no: a crash of Redis loses what was written since its last snapshot; set it to yes");
  } else if (!sync.empty() && sync != "always") {
    advice.push_back(
        fmt::format("appendfsync is {}: a crash of the machine of Redis may lose its last writes; set it to always", sync));
  }
  return advice;
}

}  // namespace gigapi
