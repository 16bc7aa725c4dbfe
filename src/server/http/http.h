// HTTP as the rest of the server sees it: requests, answers, routes. Nothing here knows sockets or Boost; the core that
// does is http_server.cc.
//
// A handler is called on the I/O thread that read the request, may answer at once or later and from any thread, exactly
// once, and must not block: SQL runs on the query threads, a write waits for its WAL record by callback.
//
// Bodies are read whole before the handler is called, but for routes whose handlers take them piece by piece (BodyReader).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace gigapi::http {

using Headers = std::vector<std::pair<std::string, std::string>>;
using Params = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method;  // upper case
  std::string target;  // as sent
  std::string path;    // percent-decoded, without the query
  std::string route;   // the pattern that matched, as "/gigapi/write/{db}"; empty when none did
  Params query;        // percent-decoded, in order
  Params path_params;  // what {name} in the route matched
  Headers headers;     // as sent
  std::string remote_address;
  /// The body as sent (not yet decompressed); valid as long as the exchange lives.
  std::string_view body;

  /// The first header of that name, case ignored; empty when absent.
  std::string_view Header(std::string_view name) const;
  std::optional<std::string_view> Query(std::string_view name) const;
  std::string_view PathParam(std::string_view name) const;
};

struct Response {
  int status = 200;
  Headers headers;  // Content-Type and such; Content-Length, Date and Connection are added
  std::string body;
};

/// A body that is made while it is sent. Next is called on a query thread, never on an I/O thread, one call at a time,
/// only when the client has taken what came before.
class BodySource {
 public:
  virtual ~BodySource() = default;
  /// The next piece; an empty string ends the body. A failure cuts the connection, so that the client notices. `spare` is
  /// a piece that has been sent, or empty: memory to use again.
  virtual Result<std::string> Next(std::string spare) = 0;
};

/// A request's body while it arrives. Used by one thread at a time, never an I/O thread; valid as long as its exchange.
class BodyReader {
 public:
  virtual ~BodyReader() = default;
  /// Waits for the next bytes, which are valid until the next call; empty at the end, and from then on. Fails when the
  /// client goes away half-way or what it sends is broken. While nobody asks, only a little is read ahead of the client.
  virtual Result<std::string_view> Next() = 0;
};

/// One request and its answer.
class Exchange {
 public:
  virtual ~Exchange() = default;
  virtual const Request& request() const = 0;
  /// The body of a route that was added with Router::AddStreamed, where request().body is empty; nullptr for all others.
  /// An answer may come before its end: the connection is closed after it.
  virtual BodyReader* body_reader() { return nullptr; }
  virtual void Respond(Response response) = 0;
  virtual void RespondStream(int status, Headers headers, std::unique_ptr<BodySource> body) = 0;
  /// Called once, on any thread, if the client goes away before the answer is complete.
  virtual void OnDisconnect(std::function<void()> callback) = 0;
  /// Runs `work` on an I/O thread, soon: for callbacks of other threads that have more to do than they may.
  virtual void Defer(std::function<void()> work) = 0;
};
using ExchangePtr = std::shared_ptr<Exchange>;

using Handler = std::function<void(ExchangePtr)>;

/// The value of a cookie in a Cookie header, "a=b; c=d", without quotes; empty when it is not there.
std::string_view CookieNamed(std::string_view header, std::string_view name);

/// Whether two header names, media types and such are equal when ASCII case is ignored.
bool EqualsIgnoringCase(std::string_view a, std::string_view b);

}  // namespace gigapi::http
