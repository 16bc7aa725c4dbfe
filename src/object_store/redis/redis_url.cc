#include "object_store/redis/redis_url.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/percent_encoding.h"

namespace gigapi {
namespace {

constexpr std::string_view kPlainScheme = "redis://";
constexpr std::string_view kSecureScheme = "rediss://";
constexpr size_t kPrefixBytesMax = 100;

template <typename... Args>
Status Refuse(fmt::format_string<Args...> format, Args&&... args) {
  return Errorf(ErrorKind::kInvalidArgument, format, std::forward<Args>(args)...);
}

bool IsName(std::string_view text, std::string_view others) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           others.find(byte) != std::string_view::npos;
  });
}

template <typename Number>
bool ParseNumber(std::string_view text, Number* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size();
}

Status ParseLogin(std::string_view text, RedisUrl* url) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    return Refuse("the address of Redis has a user and no password: write user:password@ or :password@");
  }
  auto user = PercentDecode(text.substr(0, colon));
  auto password = PercentDecode(text.substr(colon + 1));
  if (!user || !password) return Refuse("the user or the password in the address of Redis is not percent-encoded well");
  if (password->empty()) return Refuse("the address of Redis has an empty password");
  url->user = *std::move(user);
  url->password = *std::move(password);
  return Status::OK();
}

Status ParseHost(std::string_view text, RedisUrl* url) {
  const size_t colon = text.find(':', text.starts_with('[') ? std::min(text.find(']'), text.size()) : 0);
  url->host = std::string(text.substr(0, colon));
  const bool is_bracketed = url->host.starts_with('[');
  if (!IsName(url->host, is_bracketed ? "[]:.%" : ".-_") || (is_bracketed && !url->host.ends_with(']'))) {
    return Refuse("the address of Redis names no host");
  }
  if (colon == std::string_view::npos) return Status::OK();
  if (!ParseNumber(text.substr(colon + 1), &url->port) || url->port == 0) {
    return Refuse("the address of Redis has a port that is none");
  }
  return Status::OK();
}

Status ParseParameter(std::string_view name, std::string_view value, RedisUrl* url) {
  if (name == "prefix") {
    if (!IsName(value, "-_.") || value.size() > kPrefixBytesMax) {
      return Refuse("prefix in the address of Redis must be 1 to 100 letters, digits, '-', '_' or '.'");
    }
    url->prefix = std::string(value);
    return Status::OK();
  }
  const std::pair<std::string_view, std::string*> files[] = {
      {"ssl_ca_certs", &url->authorities_file}, {"ssl_certfile", &url->certificate_file}, {"ssl_keyfile", &url->key_file}};
  for (const auto& [known, file] : files) {
    if (name != known) continue;
    if (!url->secure) return Refuse("{} in the address of Redis needs rediss://", known);
    auto path = PercentDecode(value);
    if (!path || path->empty()) return Refuse("{} in the address of Redis names no file", known);
    *file = *std::move(path);
    return Status::OK();
  }
  return Refuse("the address of Redis has a parameter besides prefix, ssl_ca_certs, ssl_certfile and ssl_keyfile");
}

Status ParseParameters(std::string_view text, RedisUrl* url) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('&'), text.size());
    const std::string_view parameter = text.substr(0, end);
    const size_t equals = std::min(parameter.find('='), parameter.size());
    ARROW_RETURN_NOT_OK(
        ParseParameter(parameter.substr(0, equals), parameter.substr(std::min(equals + 1, parameter.size())), url));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (url->certificate_file.empty() != url->key_file.empty()) {
    return Refuse("ssl_certfile and ssl_keyfile in the address of Redis are set both or neither");
  }
  return Status::OK();
}

}  // namespace

bool IsRedisUrl(std::string_view text) { return text.starts_with(kPlainScheme) || text.starts_with(kSecureScheme); }

Result<RedisUrl> ParseRedisUrl(std::string_view text) {
  if (!IsRedisUrl(text)) return Refuse("the address of Redis begins with redis:// or rediss://");
  RedisUrl url{.secure = text.starts_with(kSecureScheme)};
  text.remove_prefix((url.secure ? kSecureScheme : kPlainScheme).size());
  const size_t question = std::min(text.find('?'), text.size());
  const std::string_view parameters = text.substr(std::min(question + 1, text.size()));
  text = text.substr(0, question);
  const size_t slash = std::min(text.find('/'), text.size());
  std::string_view authority = text.substr(0, slash);
  const std::string_view database = text.substr(std::min(slash + 1, text.size()));
  // A password may have an @ that nobody has encoded.
  if (const size_t at = authority.rfind('@'); at != std::string_view::npos) {
    ARROW_RETURN_NOT_OK(ParseLogin(authority.substr(0, at), &url));
    authority.remove_prefix(at + 1);
  }
  ARROW_RETURN_NOT_OK(ParseHost(authority, &url));
  if (!database.empty() && (!ParseNumber(database, &url.database) || url.database < 0)) {
    return Refuse("the address of Redis has a database that is no number");
  }
  ARROW_RETURN_NOT_OK(ParseParameters(parameters, &url));
  return url;
}

std::string ToString(const RedisUrl& url) {
  return fmt::format("{}{}:{}/{}?prefix={}", url.secure ? kSecureScheme : kPlainScheme, url.host, url.port, url.database,
                     url.prefix);
}

}  // namespace gigapi
