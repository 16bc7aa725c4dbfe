// Which handler answers which method and path.
//
// Filled once at start, then only read, by any thread. A pattern is a path whose segments may be {name}, which matches one
// non-empty segment; a pattern with more literal segments from the left wins over one with fewer.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/http/http.h"

namespace gigapi::http {

/// Who answers a request, decided from its head alone.
struct Decision {
  const Handler* handler = nullptr;
  Response refusal;           // when there is no handler
  bool streams_body = false;  // the handler is called before the body has come
};

class Router {
 public:
  void Add(std::string_view method, std::string_view pattern, Handler handler);
  /// The same for a handler that takes the body from Exchange::body_reader() while it arrives.
  void AddStreamed(std::string_view method, std::string_view pattern, Handler handler);

  /// Sets route and path_params of the request. No route: 404; another method: 405 with Allow. HEAD is answered by the
  /// handler for GET. OPTIONS on a known path is answered here, with what a browser's preflight asks for.
  Decision Decide(Request* request) const;

 private:
  struct Route {
    std::string method;
    std::string pattern;
    std::vector<std::string> segments;
    Handler handler;
    bool streams_body = false;
  };
  void Insert(Route route);
  std::vector<Route> routes_;
};

}  // namespace gigapi::http
