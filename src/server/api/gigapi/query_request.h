// What a client asks of /query. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "server/http/http.h"
#include "server/query_service.h"

namespace gigapi {

/// Reads a POST: a JSON object, or plain SQL. The URL's parameters hold where the body says nothing. Messages are GigAPI's
/// where it has one.
Result<QueryCall> ReadQueryPost(const http::Request& request, std::string_view body, std::string_view default_database);

/// Reads a GET with q=.
Result<QueryCall> ReadQueryGet(const http::Request& request, std::string_view sql, std::string_view default_database);

}  // namespace gigapi
