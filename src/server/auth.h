// Who may come in: one user name and password for the whole server, in the ways that GigAPI's and InfluxDB's clients say them.
#pragma once

#include <string>
#include <string_view>

#include "server/http/http.h"

namespace gigapi {

/// Immutable, thread-safe.
class Authenticator {
 public:
  /// Both empty: everybody may come in.
  Authenticator(std::string username, std::string password);

  bool enabled() const { return enabled_; }

  /// Accepts `Authorization: Basic`, InfluxDB's `Authorization: Token user:password` (Bearer too), and InfluxDB 1's
  /// parameters u and p. Compares in a time that does not depend on where the texts differ.
  bool Allows(const http::Request& request) const;

 private:
  bool Matches(std::string_view credentials) const;

  const bool enabled_;
  const std::string credentials_;  // "user:password"
};

/// 401 with what a browser needs to ask for a password.
http::Response Unauthorized();

/// Decodes standard base64, padded or not; false on any other text.
bool DecodeBase64(std::string_view text, std::string* out);

}  // namespace gigapi
