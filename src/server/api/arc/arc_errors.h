// How Arc tells a client what went wrong: {"error": text}. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "server/http/http.h"
#include "server/write_service.h"

namespace gigapi::arc {

/// Whether a path is Arc's, so that a refusal that comes before any handler has Arc's form.
bool IsArcPath(std::string_view path);

/// 204 when every row was kept; else {"error": text, "written": rows kept, "refused": rows not}, with the text that
/// `describe` makes of rows that were refused.
http::Response RenderOutcome(const WriteOutcome& outcome, std::string (*describe)(const WriteOutcome&));

/// A request that was refused as a whole.
http::Response RenderError(const Status& status);

/// 401 as Arc has it: no credentials, or wrong ones.
http::Response Unauthorized(bool has_credentials);

}  // namespace gigapi::arc
