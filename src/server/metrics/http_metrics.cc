#include "server/metrics/http_metrics.h"

#include <algorithm>

namespace gigapi {

HttpMetrics::Route* HttpMetrics::Find(const std::string& pattern) {
  {
    std::shared_lock lock(mutex_);
    if (const auto found = routes_.find(pattern); found != routes_.end()) return found->second.get();
  }
  std::unique_lock lock(mutex_);
  std::unique_ptr<Route>& route = routes_[pattern];
  if (route == nullptr) route = std::make_unique<Route>();
  return route.get();
}

void HttpMetrics::Observe(const http::Answered& answered) {
  static const std::string kNoRoute = "none";
  Route* const route = Find(answered.route.empty() ? kNoRoute : answered.route);
  ++route->by_status_class[static_cast<size_t>(std::clamp(answered.status / 100, 0, 5))];
  route->seconds.Observe(static_cast<double>(answered.nanos) * 1e-9);
}

void HttpMetrics::Write(Exposition* out) const {
  static constexpr std::string_view kClasses[] = {"0xx", "1xx", "2xx", "3xx", "4xx", "5xx"};
  std::shared_lock lock(mutex_);
  out->BeginFamily("gigapi_http_requests_total", "counter", "Requests answered, by route and class of status.");
  for (const auto& [pattern, route] : routes_) {
    for (size_t i = 1; i < route->by_status_class.size(); ++i) {
      const int64_t count = route->by_status_class[i];
      if (count > 0)
        out->Sample("gigapi_http_requests_total", {{"route", pattern}, {"status", kClasses[i]}}, static_cast<double>(count));
    }
  }
  out->BeginFamily("gigapi_http_request_duration_seconds", "histogram",
                   "From a request's complete head to the last byte of its answer.");
  for (const auto& [pattern, route] : routes_) {
    out->HistogramSamples("gigapi_http_request_duration_seconds", {{"route", pattern}}, route->seconds);
  }
}

}  // namespace gigapi
