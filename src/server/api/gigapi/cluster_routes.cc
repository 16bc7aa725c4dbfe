#include "server/api/gigapi/cluster_routes.h"

#include "server/error_table.h"
#include "server/json_body.h"

namespace gigapi {
namespace {

Result<http::Response> Describe(const ClusterCalls& calls) {
  if (!calls.describe) return Error(ErrorKind::kNotFound, "this server is no node");
  return JsonResponse(200, calls.describe() + "\n");
}

Result<http::Response> Forget(const ClusterCalls& calls, const std::string& node) {
  if (!calls.forget) return Error(ErrorKind::kNotFound, "this node has its lake alone");
  ARROW_RETURN_NOT_OK(calls.forget(node));
  return http::Response{.status = 204};
}

/// Stores and other nodes are asked: not on the thread that read the request.
template <typename Answer>
void OnPool(http::WorkerPool* pool, const http::ExchangePtr& exchange, Answer answer) {
  const bool taken = pool->Submit([exchange, answer] {
    Result<http::Response> response = answer();
    exchange->Respond(response.ok() ? *std::move(response) : ErrorResponse(response.status()));
  });
  if (!taken) exchange->Respond(ErrorResponse(Error(ErrorKind::kUnavailable, "too many requests are waiting")));
}

}  // namespace

void AddClusterRoutes(ClusterCalls calls, http::WorkerPool* pool, http::Router* router) {
  router->Add("GET", "/api/v1/cluster",
              [=](const http::ExchangePtr& exchange) { OnPool(pool, exchange, [calls] { return Describe(calls); }); });
  router->Add("DELETE", "/api/v1/cluster/nodes/{node}", [=](const http::ExchangePtr& exchange) {
    const std::string node(exchange->request().PathParam("node"));
    OnPool(pool, exchange, [calls, node] { return Forget(calls, node); });
  });
}

}  // namespace gigapi
