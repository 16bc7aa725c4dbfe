// Who may come in: one user name and password for the whole server, in the ways that the clients of GigAPI, InfluxDB and Arc
// say them.
#pragma once

#include <string>
#include <string_view>

#include "server/http/http.h"

namespace gigapi {

/// The cookie of InfluxDB 2's sessions; its value is Authenticator::session_token().
inline constexpr std::string_view kInfluxSessionCookie = "influxdb-oss-session";

/// Immutable, thread-safe.
class Authenticator {
 public:
  /// Both empty: everybody may come in.
  Authenticator(const std::string& username, std::string password);

  bool enabled() const { return enabled_; }

  /// Accepts `Authorization: Basic`, a token by `Authorization: Token`, `Authorization: Bearer` or Arc's `x-api-key`,
  /// InfluxDB 1's parameters u and p, and the cookie of a session. A token is `user:password`, or the password alone, as
  /// clients that know only tokens have it. Compares in a time that does not depend on where the texts differ.
  bool Allows(const http::Request& request) const;

  /// Whether the value of an Authorization header, in any of these ways, lets its bearer in.
  bool AllowsHeader(std::string_view authorization) const;

  /// A token for somebody who has shown the right user and password, so that they need not be sent again. It holds until
  /// they are changed, and says nothing about them.
  const std::string& session_token() const { return session_token_; }

 private:
  bool Matches(std::string_view credentials) const;
  bool MatchesToken(std::string_view token) const;

  const bool enabled_;
  const std::string credentials_;  // "user:password"
  const std::string password_;
  const std::string session_token_;
};

/// 401 with what a browser needs to ask for a password.
http::Response Unauthorized();

/// Whether a request tries to say who it is, rightly or not.
bool HasCredentials(const http::Request& request);

/// Decodes standard base64, padded or not; false on any other text.
bool DecodeBase64(std::string_view text, std::string* out);

}  // namespace gigapi
