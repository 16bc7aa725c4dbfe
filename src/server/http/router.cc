#include "server/http/router.h"

#include <algorithm>

namespace gigapi::http {
namespace {

std::vector<std::string_view> SplitSegments(std::string_view path) {
  std::vector<std::string_view> segments;
  if (!path.empty() && path[0] == '/') path.remove_prefix(1);
  while (true) {
    const size_t slash = path.find('/');
    segments.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

bool IsParameter(std::string_view segment) { return segment.size() > 2 && segment.front() == '{' && segment.back() == '}'; }

bool Matches(const std::vector<std::string>& pattern, const std::vector<std::string_view>& path) {
  if (pattern.size() != path.size()) return false;
  for (size_t i = 0; i < path.size(); ++i) {
    if (IsParameter(pattern[i]) ? path[i].empty() : pattern[i] != path[i]) return false;
  }
  return true;
}

/// Literal before parameter, segment by segment from the left.
bool MoreSpecific(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  for (size_t i = 0; i < a.size() && i < b.size(); ++i) {
    if (IsParameter(a[i]) != IsParameter(b[i])) return !IsParameter(a[i]);
  }
  return false;
}

Response JsonError(int status, std::string_view text) {
  Response response;
  response.status = status;
  response.headers.emplace_back("Content-Type", "application/json");
  response.body = std::string("{\"error\":\"").append(text).append("\"}\n");
  return response;
}

}  // namespace

void Router::Add(std::string_view method, std::string_view pattern, Handler handler) {
  Insert({std::string(method), std::string(pattern), {}, std::move(handler)});
}

void Router::AddStreamed(std::string_view method, std::string_view pattern, Handler handler) {
  Insert({std::string(method), std::string(pattern), {}, std::move(handler), /*streams_body=*/true});
}

void Router::Insert(Route route) {
  for (std::string_view segment : SplitSegments(route.pattern)) route.segments.emplace_back(segment);
  const auto before = std::find_if(routes_.begin(), routes_.end(),
                                   [&](const Route& other) { return MoreSpecific(route.segments, other.segments); });
  routes_.insert(before, std::move(route));
}

Decision Router::Decide(Request* request) const {
  const std::vector<std::string_view> path = SplitSegments(request->path);
  const std::string_view method = request->method == "HEAD" ? std::string_view("GET") : std::string_view(request->method);
  std::vector<std::string_view> allowed;
  const std::vector<std::string>* matched = nullptr;
  for (const Route& route : routes_) {
    // The most specific pattern decides: its methods are the path's methods.
    if (matched != nullptr ? route.segments != *matched : !Matches(route.segments, path)) continue;
    matched = &route.segments;
    if (route.method == method) {
      request->route = route.pattern;
      for (size_t i = 0; i < path.size(); ++i) {
        if (!IsParameter(route.segments[i])) continue;
        const std::string& segment = route.segments[i];
        request->path_params.emplace_back(segment.substr(1, segment.size() - 2), std::string(path[i]));
      }
      return {&route.handler, {}, route.streams_body};
    }
    request->route = route.pattern;
    allowed.push_back(route.method);
    if (route.method == "GET") allowed.push_back("HEAD");
  }

  Decision decision;
  if (matched == nullptr) {
    decision.refusal = JsonError(404, "not found");
    return decision;
  }
  allowed.push_back("OPTIONS");
  std::string allow;
  for (std::string_view name : allowed) allow.append(allow.empty() ? "" : ", ").append(name);
  if (request->method == "OPTIONS") {
    decision.refusal.headers = {{"Access-Control-Allow-Methods", allow},
                                {"Access-Control-Allow-Headers", "Authorization, Content-Type, Content-Encoding"},
                                {"Access-Control-Max-Age", "86400"}};
  } else {
    decision.refusal = JsonError(405, "method not allowed");
  }
  decision.refusal.headers.emplace_back("Allow", allow);
  return decision;
}

}  // namespace gigapi::http
