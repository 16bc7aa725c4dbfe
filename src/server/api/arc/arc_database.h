// Which database a request of Arc's clients means.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/http/http.h"

namespace gigapi::arc {

inline constexpr std::string_view kDefaultDatabase = "default";

/// Where an endpoint looks for the database when the header x-arc-database is absent.
using DatabaseParameters = std::vector<std::string_view>;

inline std::string DatabaseOf(const http::Request& request, const DatabaseParameters& parameters) {
  if (const std::string_view header = request.Header("x-arc-database"); !header.empty()) return std::string(header);
  for (std::string_view name : parameters) {
    if (const auto value = request.Query(name); value && !value->empty()) return std::string(*value);
  }
  return std::string(kDefaultDatabase);
}

}  // namespace gigapi::arc
