#include "server/api/influx/session_routes.h"

#include <fmt/format.h>

#include "server/api/influx/write_errors.h"
#include "server/auth.h"
#include "server/error_table.h"

namespace gigapi::influx {
namespace {

/// A browser keeps the cookie from scripts, and from requests that other sites make.
std::string SessionCookie(std::string_view value, std::string_view lifetime) {
  return fmt::format("{}={}; Path=/api/{}; HttpOnly; SameSite=Strict", kInfluxSessionCookie, value, lifetime);
}

http::Handler Always(http::Response response) {
  return [response = std::move(response)](const http::ExchangePtr& exchange) { exchange->Respond(response); };
}

}  // namespace

void AddSessionRoutes(const std::string& session_token, http::Router* router) {
  router->Add("POST", "/api/v2/signin", Always({204, {{"Set-Cookie", SessionCookie(session_token, "")}}, {}}));
  router->Add("POST", "/api/v2/signout", Always({204, {{"Set-Cookie", SessionCookie("", "; Max-Age=0")}}, {}}));
  router->Add("GET", "/api/v2/setup", Always(JsonResponse(200, "{\"allowed\":false}\n")));
  http::Response done = RenderV2Failure(Error(ErrorKind::kConflict, "onboarding has already been completed"));
  done.status = 422;
  router->Add("POST", "/api/v2/setup", Always(std::move(done)));
  router->Add(
      "POST", "/api/v2/query",
      Always(RenderV2Failure(Error(ErrorKind::kUnsupported,
                                   "Flux is not supported: query by SQL at /api/v3/query_sql or /query, or by InfluxQL "
                                   "at /query"))));
}

}  // namespace gigapi::influx
