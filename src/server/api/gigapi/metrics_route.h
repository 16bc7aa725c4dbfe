// GET /metrics: all that the server counts, for Prometheus.
#pragma once

#include <functional>

#include "lake/lake.h"
#include "query/query_engine.h"
#include "server/http/http_server.h"
#include "server/http/router.h"
#include "server/metrics/exposition.h"
#include "server/metrics/http_metrics.h"
#include "server/query_service.h"
#include "server/write_service.h"

namespace gigapi {

/// Where the numbers come from; all outlive the router.
struct MetricSources {
  const Lake* lake = nullptr;
  const QueryEngine* engine = nullptr;
  const WriteService* writes = nullptr;
  const QueryService* queries = nullptr;
  const http::WorkerPool* query_pool = nullptr;
  const HttpMetrics* http_metrics = nullptr;
  std::function<const http::HttpServer*()> http_server;  // nullptr while it starts
  std::function<void(Exposition*)> write_more;           // may be empty
};

void AddMetricsRoute(MetricSources sources, http::Router* router);

}  // namespace gigapi
