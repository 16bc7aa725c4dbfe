#include "app/http_address.h"

#include <charconv>

namespace gigapi {
namespace {

constexpr int kHttpsPort = 443;

Result<int> ParsePort(std::string_view text) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port < 1 || port > 65'535) {
    // Not what stands there: of a password that has a slash it may be a part.
    return Error(ErrorKind::kInvalidArgument, "the server's address has a port that is none");
  }
  return port;
}

}  // namespace

Result<HttpAddress> ParseHttpAddress(std::string_view url) {
  HttpAddress address;
  if (url.starts_with("https://")) {
    address.tls = true;
    address.port = kHttpsPort;
    url.remove_prefix(8);
  } else if (url.starts_with("http://")) {
    url.remove_prefix(7);
  }
  url = url.substr(0, url.find('/'));
  if (const size_t at = url.rfind('@'); at != std::string_view::npos) {
    const std::string_view credentials = url.substr(0, at);
    const size_t colon = credentials.find(':');
    address.username = credentials.substr(0, colon);
    if (colon != std::string_view::npos) address.password = credentials.substr(colon + 1);
    url.remove_prefix(at + 1);
  }
  const size_t bracket = url.starts_with('[') ? url.find(']') : 0;
  if (bracket == std::string_view::npos) return Error(ErrorKind::kInvalidArgument, "a [ without its ]");
  if (const size_t colon = url.find(':', bracket); colon != std::string_view::npos) {
    ARROW_ASSIGN_OR_RAISE(address.port, ParsePort(url.substr(colon + 1)));
    url = url.substr(0, colon);
  }
  address.host = url.starts_with('[') ? url.substr(1, url.size() - 2) : url;
  if (address.host.empty()) return Error(ErrorKind::kInvalidArgument, "expected http://host:port or https://host:port");
  return address;
}

}  // namespace gigapi
