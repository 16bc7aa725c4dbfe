// Requests answered, by route and status, and how long they took.
#pragma once

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>

#include "server/http/http_server.h"
#include "server/metrics/exposition.h"

namespace gigapi {

/// Thread-safe. Routes are patterns, so that their number is bounded whatever clients ask for.
class HttpMetrics {
 public:
  void Observe(const http::Answered& answered);
  void Write(Exposition* out) const;

 private:
  struct Route {
    std::array<std::atomic<int64_t>, 6> by_status_class{};  // [2]: 2xx
    Histogram seconds{Histogram::LatencySeconds()};
  };
  Route* Find(const std::string& pattern);

  mutable std::shared_mutex mutex_;
  std::map<std::string, std::unique_ptr<Route>> routes_;
};

}  // namespace gigapi
