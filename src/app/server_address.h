// The server that a subcommand talks to.
#pragma once

#include <string_view>

#include "app/http_client.h"

namespace gigapi {

/// Credentials that are not in the URL come from where the server has them: HTTP_BASIC_AUTH_USERNAME and _PASSWORD.
Result<HttpAddress> ServerAddressOf(std::string_view url);

}  // namespace gigapi
