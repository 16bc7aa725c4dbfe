#include "server/api/arc/arc_errors.h"

#include "base/json_writer.h"
#include "server/error_table.h"

namespace gigapi::arc {
namespace {

std::string RefusedJson(std::string_view error, const WriteOutcome& outcome) {
  JsonWriter json;
  json.BeginObject().Key("error").String(error);
  json.Key("written").Integer(outcome.written_rows).Key("refused").Integer(outcome.refused_rows);
  json.EndObject();
  return json.Take() + "\n";
}

}  // namespace

bool IsArcPath(std::string_view path) { return path.starts_with("/api/v1/"); }

http::Response RenderError(const Status& status) {
  http::Response response = ErrorResponse(status);
  if (KindOf(status) == ErrorKind::kUnsupported) response.status = 415;  // the encoding of what was sent
  return response;
}

http::Response RenderOutcome(const WriteOutcome& outcome, std::string (*describe)(const WriteOutcome&)) {
  if (!outcome.status.ok()) return RenderError(outcome.status);
  if (outcome.refused_rows == 0) return {204, {}, {}};
  return JsonResponse(400, RefusedJson(describe(outcome), outcome));
}

http::Response Unauthorized(bool has_credentials) {
  http::Response response =
      JsonResponse(401, has_credentials ? "{\"error\":\"Invalid or expired token\",\"success\":false}\n"
                                        : "{\"error\":\"Authentication required\",\"success\":false}\n");
  response.headers.emplace_back("WWW-Authenticate", "Basic realm=\"gigapi\"");
  return response;
}

}  // namespace gigapi::arc
