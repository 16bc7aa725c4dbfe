// Where an HTTP server is, and whom it must prove to be.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace gigapi {

/// Whose certificates a client believes.
struct TlsTrust {
  std::string ca_file;    // PEM; empty: the system's authorities
  bool any_peer = false;  // whoever it is
};

/// http[s]://[user:password@]host[:port]
struct HttpAddress {
  std::string host;
  int port = 80;
  std::string username = {};
  std::string password = {};
  bool tls = false;
  TlsTrust trust = {};  // of tls
};

Result<HttpAddress> ParseHttpAddress(std::string_view url);

}  // namespace gigapi
