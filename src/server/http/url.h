// The text of request targets and forms. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "server/http/http.h"

namespace gigapi::http {

/// Decodes %XX, and '+' to a space when `plus_is_space`. Fails on a broken escape and on an encoded NUL.
Result<std::string> DecodePercent(std::string_view text, bool plus_is_space);

/// "a=1&b=x%20y" as in a target's query or in application/x-www-form-urlencoded. A name without '=' has an empty value.
/// A broken escape stays as it was sent, as browsers and most servers take it.
Params ParseQueryString(std::string_view text);

/// Splits and decodes "/path?query" (or "http://host/path?query") into path and query. Fails on anything else.
Status ParseTarget(std::string_view target, std::string* path, Params* query);

/// A parameter of the URL, else of a form that came as the body.
std::optional<std::string> FindParameter(std::string_view name, const Request& request, const Params& form);

}  // namespace gigapi::http
