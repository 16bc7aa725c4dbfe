// How every server of this process listens, and whom it lets in: the same address, TLS, limits and credentials.
//
// Immutable, thread-safe. What is given must outlive it.
#pragma once

#include "server/auth.h"
#include "server/http/http_server.h"
#include "server/http/router.h"
#include "server/server.h"

namespace gigapi {

/// Without `decide`, `observe` and `stream_pool`.
http::HttpServerOptions HttpOptionsOf(const ServerOptions& options);

/// Whether anybody who reaches the address may do anything.
bool IsOpenToStrangers(const ServerOptions& options);

class FrontDoor {
 public:
  FrontDoor(const ServerOptions& options, const http::Router* router)
      : authenticator_(options.username, options.password), router_(router) {}

  /// Who answers, from the head alone: a route, or the refusal of somebody who may not come in.
  http::Decision Decide(http::Request* request) const;
  const std::string& session_token() const { return authenticator_.session_token(); }

 private:
  const Authenticator authenticator_;
  const http::Router* const router_;
};

}  // namespace gigapi
