#include "server/auth.h"

#include <openssl/crypto.h>

#include "base/digest.h"
#include "base/error.h"
#include "server/error_table.h"

namespace gigapi {
namespace {

int Base64Value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  if (c == '/') return 63;
  return -1;
}

/// Digests have one length, so that not even the password's length shows in the time.
bool Same(std::string_view given, std::string_view expected) {
  const Sha256Digest given_digest = Sha256(given), expected_digest = Sha256(expected);
  return CRYPTO_memcmp(given_digest.data(), expected_digest.data(), given_digest.size()) == 0;
}

/// Made of the credentials in a way that cannot be turned round; the same on every node and after a restart.
std::string SessionToken(std::string_view credentials) { return Hex(HmacSha256(credentials, "gigapi session")); }

}  // namespace

bool DecodeBase64(std::string_view text, std::string* out) {
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  out->clear();
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int value = Base64Value(c);
    if (value < 0) return false;
    bits = (bits << 6) | static_cast<uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out->push_back(static_cast<char>((bits >> count) & 0xff));
    }
  }
  return text.size() % 4 != 1;
}

Authenticator::Authenticator(const std::string& username, std::string password)
    : enabled_(!username.empty() || !password.empty()),
      credentials_(username + ":" + password),
      password_(std::move(password)),
      session_token_(SessionToken(credentials_)) {}

bool Authenticator::Matches(std::string_view credentials) const { return Same(credentials, credentials_); }

bool Authenticator::MatchesToken(std::string_view token) const {
  // No password is no token: an empty one would let everybody in.
  return Matches(token) || Same(token, session_token_) || (!password_.empty() && Same(token, password_));
}

bool Authenticator::AllowsHeader(std::string_view authorization) const {
  if (!enabled_) return true;
  const std::string_view scheme = authorization.substr(0, authorization.find(' '));
  if (scheme.size() == authorization.size()) return false;
  std::string_view rest = authorization.substr(scheme.size() + 1);
  while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
  if (http::EqualsIgnoringCase(scheme, "Basic")) {
    std::string decoded;
    return DecodeBase64(rest, &decoded) && Matches(decoded);
  }
  if (http::EqualsIgnoringCase(scheme, "Token") || http::EqualsIgnoringCase(scheme, "Bearer")) return MatchesToken(rest);
  return false;
}

bool Authenticator::Allows(const http::Request& request) const {
  if (!enabled_) return true;
  const std::string_view header = request.Header("Authorization");
  if (header.find(' ') != std::string_view::npos) return AllowsHeader(header);
  if (const std::string_view key = request.Header("x-api-key"); !key.empty()) return MatchesToken(key);
  const std::string_view session = http::CookieNamed(request.Header("Cookie"), kInfluxSessionCookie);
  if (!session.empty()) return Same(session, session_token_);
  const auto user = request.Query("u");
  const auto password = request.Query("p");
  return user && password && Matches(std::string(*user).append(":").append(*password));
}

bool HasCredentials(const http::Request& request) {
  return !request.Header("Authorization").empty() || !request.Header("x-api-key").empty() || request.Query("u").has_value();
}

http::Response Unauthorized() {
  http::Response response = ErrorResponse(Error(ErrorKind::kUnauthorized, "unauthorized access"));
  response.headers.emplace_back("WWW-Authenticate", "Basic realm=\"gigapi\"");
  return response;
}

}  // namespace gigapi
