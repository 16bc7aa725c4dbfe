#include "object_store/store_url.h"

#include <algorithm>
#include <charconv>

#include "base/percent_encoding.h"
#include "object_store/object_store.h"

namespace gigapi {
namespace {

constexpr std::string_view kAzureSuffix = ".dfs.core.windows.net";

template <typename... Args>
Status Refuse(fmt::format_string<Args...> format, Args&&... args) {
  return Errorf(ErrorKind::kInvalidArgument, format, std::forward<Args>(args)...);
}

/// What comes before the first separator, which is taken off `rest` with it.
std::string_view Take(std::string_view* rest, char separator) {
  const size_t end = std::min(rest->find(separator), rest->size());
  const std::string_view taken = rest->substr(0, end);
  rest->remove_prefix(std::min(end + 1, rest->size()));
  return taken;
}

bool IsName(std::string_view text, std::string_view others) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           others.find(byte) != std::string_view::npos;
  });
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  return lower;
}

Result<std::string> ParseBucket(std::string_view text) {
  if (!IsName(text, "-._") || text.size() < 3 || text.size() > 63) {
    return Refuse("the address of a store names no bucket: 3 to 63 letters, digits, '-', '.' or '_'");
  }
  return std::string(text);
}

Result<std::string> ParsePrefix(std::string_view text) {
  while (text.ends_with('/')) text.remove_suffix(1);
  if (text.empty()) return std::string();
  auto prefix = PercentDecode(text);
  if (!prefix || !CheckObjectKey(*prefix).ok()) return Refuse("the address of a store has a path that no object can have");
  return *prefix + "/";
}

bool IsIpAddress(std::string_view host) {
  return host.starts_with('[') ||
         std::all_of(host.begin(), host.end(), [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

/// s3.eu-west-1.amazonaws.com, s3.dualstack.eu-west-1.amazonaws.com, s3.cn-north-1.amazonaws.com.cn,
/// r2.cloudflarestorage.com
std::string RegionOfHost(std::string_view host) {
  if (host.ends_with(".r2.cloudflarestorage.com")) return "auto";
  const size_t aws = host.find(".amazonaws.com");
  if (aws == std::string_view::npos) return "us-east-1";
  const std::string_view before = host.substr(0, aws);
  const size_t dot = before.rfind('.');
  if (dot == std::string_view::npos) return "us-east-1";
  return std::string(before.substr(dot + 1));
}

Status ParseEndpoint(std::string_view endpoint, StoreUrl* url) {
  if (endpoint.find('@') != std::string_view::npos) {
    return Refuse("the address of a store must not have credentials: they are set by auth_key and auth_secret");
  }
  const size_t colon = endpoint.find(':', endpoint.starts_with('[') ? endpoint.find(']') : 0);
  url->host = std::string(endpoint.substr(0, colon));
  url->host = Lower(url->host);
  if (!IsName(url->host, url->host.starts_with('[') ? "[]:.-" : ".-")) return Refuse("the address of a store names no host");
  url->port = 0;
  if (colon == std::string_view::npos) return Status::OK();
  const std::string_view port = endpoint.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url->port);
  if (error != std::errc() || end != port.data() + port.size() || url->port == 0) {
    return Refuse("the address of a store has a port that is none");
  }
  return Status::OK();
}

/// One without a value is as if it were not there.
Status ParseS3Parameter(std::string_view name, std::string_view text, bool* has_style, StoreUrl* url) {
  if (name != "secure" && name != "url-style" && name != "region") {
    return Refuse("the address of a store has a parameter besides secure, url-style and region");
  }
  if (text.empty()) return Status::OK();
  const std::string value = Lower(text);
  if (name == "secure") {
    url->secure = value == "true" || value == "1";
    if (!url->secure && value != "false" && value != "0") return Refuse("secure must be true or false");
  } else if (name == "url-style") {
    if (value != "vhost" && value != "path") return Refuse("url-style must be vhost or path");
    url->url_style = value == "vhost" ? S3UrlStyle::kVirtualHost : S3UrlStyle::kPath;
    *has_style = true;
  } else {
    if (!IsName(text, "-_")) return Refuse("region must be a name such as eu-west-1");
    url->region = std::string(text);
  }
  return Status::OK();
}

Result<StoreUrl> ParseS3(std::string_view rest) {
  StoreUrl url{.kind = StoreKind::kS3};
  std::string_view location = Take(&rest, '?');
  ARROW_RETURN_NOT_OK(ParseEndpoint(Take(&location, '/'), &url));
  ARROW_ASSIGN_OR_RAISE(url.bucket, ParseBucket(Take(&location, '/')));
  ARROW_ASSIGN_OR_RAISE(url.prefix, ParsePrefix(location));
  bool has_style = false;
  while (!rest.empty()) {
    std::string_view parameter = Take(&rest, '&');
    const std::string_view name = Take(&parameter, '=');
    ARROW_RETURN_NOT_OK(ParseS3Parameter(name, parameter, &has_style, &url));
  }
  const bool takes_no_bucket = IsIpAddress(url.host) || url.host.find('.') == std::string::npos;
  if (!has_style && takes_no_bucket) url.url_style = S3UrlStyle::kPath;
  if (url.url_style == S3UrlStyle::kVirtualHost && IsIpAddress(url.host)) {
    return Refuse("url-style=vhost needs a host with a name: set url-style=path");
  }
  if (url.port == 0) url.port = url.secure ? 443 : 80;
  if (url.region.empty()) url.region = RegionOfHost(url.host);
  return url;
}

/// What comes after the question mark of gs:// and abfs://.
Status ParseEndpointParameters(std::string_view parameters, StoreUrl* url) {
  bool has_secure = false;
  while (!parameters.empty()) {
    std::string_view value = Take(&parameters, '&');
    const std::string_view name = Take(&value, '=');
    if (name == "endpoint") {
      ARROW_RETURN_NOT_OK(ParseEndpoint(value, url));
    } else if (name == "secure" && (value == "true" || value == "false")) {
      url->secure = value == "true";
      has_secure = true;
    } else {
      return Refuse("a gs:// or abfs:// address has no parameters besides endpoint=host:port and secure=true|false");
    }
  }
  if (url->host.empty() && has_secure) return Refuse("secure is said of an endpoint: endpoint=host:port&secure=false");
  if (url->host.empty() || url->port == 0) url->port = url->secure ? 443 : 80;
  return Status::OK();
}

Result<StoreUrl> ParseGcs(std::string_view rest) {
  StoreUrl url{.kind = StoreKind::kGcs};
  std::string_view location = Take(&rest, '?');
  ARROW_ASSIGN_OR_RAISE(url.bucket, ParseBucket(Take(&location, '/')));
  ARROW_ASSIGN_OR_RAISE(url.prefix, ParsePrefix(location));
  ARROW_RETURN_NOT_OK(ParseEndpointParameters(rest, &url));
  return url;
}

Result<StoreUrl> ParseAzure(std::string_view rest) {
  StoreUrl url{.kind = StoreKind::kAzure};
  std::string_view location = Take(&rest, '?');
  std::string_view authority = Take(&location, '/');
  if (std::count(authority.begin(), authority.end(), '@') != 1 || authority.find(':') != std::string_view::npos) {
    return Refuse("an abfs:// address is written abfs://container@account.dfs.core.windows.net/prefix");
  }
  ARROW_ASSIGN_OR_RAISE(url.bucket, ParseBucket(Take(&authority, '@')));
  if (authority.ends_with(kAzureSuffix)) authority.remove_suffix(kAzureSuffix.size());
  if (!IsName(authority, "")) return Refuse("an abfs:// address names no account");
  url.account = std::string(authority);
  ARROW_ASSIGN_OR_RAISE(url.prefix, ParsePrefix(location));
  ARROW_RETURN_NOT_OK(ParseEndpointParameters(rest, &url));
  return url;
}

Result<StoreUrl> ParseLocal(std::string_view path) {
  if (!path.starts_with('/')) return Refuse("the address of a folder is written file:///folder, with three slashes");
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return StoreUrl{.kind = StoreKind::kLocal, .path = std::string(path)};
}

}  // namespace

Result<StoreUrl> ParseStoreUrl(std::string_view text) {
  if (text.starts_with('/')) return ParseLocal(text);
  const size_t colon = text.find("://");
  const std::string_view scheme = text.substr(0, colon);
  const std::string_view rest = colon == std::string_view::npos ? "" : text.substr(colon + 3);
  if (scheme == "file") return ParseLocal(rest);
  if (scheme == "s3") return ParseS3(rest);
  if (scheme == "gs") return ParseGcs(rest);
  if (scheme == "abfs" || scheme == "abfss") return ParseAzure(rest);
  return Refuse("the address of a store begins with file://, s3://, gs:// or abfs://");
}

std::string ToString(const StoreUrl& url) {
  const std::string endpoint =
      url.host.empty() ? "" : fmt::format("?endpoint={}:{}&secure={}", url.host, url.port, url.secure);
  const std::string path = "/" + PercentEncodePath(url.prefix);
  switch (url.kind) {
    case StoreKind::kLocal: return "file://" + url.path;
    case StoreKind::kS3:
      return fmt::format("s3://{}:{}/{}{}?secure={}&url-style={}&region={}", url.host, url.port, url.bucket, path,
                         url.secure, url.url_style == S3UrlStyle::kPath ? "path" : "vhost", url.region);
    case StoreKind::kGcs: return "gs://" + url.bucket + path + endpoint;
    case StoreKind::kAzure: return fmt::format("abfs://{}@{}{}{}{}", url.bucket, url.account, kAzureSuffix, path, endpoint);
  }
  return {};
}

}  // namespace gigapi
