// Handlers that answer from the lake alone: management endpoints.
#pragma once

#include "lake/lake.h"
#include "server/http/router.h"
#include "server/http/worker_pool.h"

namespace gigapi {

using LakeAnswer = Result<http::Response> (*)(const http::Request& request, Lake* lake);
/// An error in the form of the endpoint's product.
using ErrorRenderer = http::Response (*)(const Status& status);

/// Answers on the thread that read the request: for what touches no disk. The lake must outlive the handler.
inline http::Handler AnswerAtOnce(Lake* lake, LakeAnswer answer, ErrorRenderer render_error) {
  return [=](const http::ExchangePtr& exchange) {
    Result<http::Response> response = answer(exchange->request(), lake);
    exchange->Respond(response.ok() ? *std::move(response) : render_error(response.status()));
  };
}

/// Answers on a thread of the pool, which must outlive the handler too.
inline http::Handler AnswerOnPool(Lake* lake, http::WorkerPool* pool, LakeAnswer answer, ErrorRenderer render_error) {
  return [=, run = AnswerAtOnce(lake, answer, render_error)](const http::ExchangePtr& exchange) {
    if (pool->Submit([run, exchange] { run(exchange); })) return;
    exchange->Respond(render_error(Error(ErrorKind::kUnavailable, "too many requests are waiting")));
  };
}

/// Adds endpoints that answer from the lake and fail in one form. All must outlive the router.
class LakeRoutes {
 public:
  LakeRoutes(Lake* lake, http::WorkerPool* pool, ErrorRenderer render_error, http::Router* router)
      : lake_(lake), pool_(pool), render_error_(render_error), router_(router) {}

  void AddAtOnce(std::string_view method, std::string_view path, LakeAnswer answer) const {
    router_->Add(method, path, AnswerAtOnce(lake_, answer, render_error_));
  }
  void AddOnPool(std::string_view method, std::string_view path, LakeAnswer answer) const {
    router_->Add(method, path, AnswerOnPool(lake_, pool_, answer, render_error_));
  }

 private:
  Lake* const lake_;
  http::WorkerPool* const pool_;
  const ErrorRenderer render_error_;
  http::Router* const router_;
};

}  // namespace gigapi
