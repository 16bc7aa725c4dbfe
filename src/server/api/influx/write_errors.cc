#include "server/api/influx/write_errors.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/json_writer.h"
#include "server/error_table.h"

namespace gigapi::influx {
namespace {

/// In the text; the list beside it has all that were kept.
constexpr size_t kLinesInTextMax = 5;

bool IsSchemaConflict(const RefusedLine& line) { return line.reason.find("conflict") != std::string::npos; }

std::string Explain(const RefusedLine& line) {
  return IsSchemaConflict(line) ? line.reason : fmt::format("unable to parse '{}': {}", line.original, line.reason);
}

void AppendLines(const std::vector<RefusedLine>& refused, std::string* json) {
  *json += '[';
  for (const RefusedLine& line : refused) {
    if (json->back() != '[') *json += ',';
    *json += "{\"error_message\":";
    AppendJsonString(line.reason, json);
    fmt::format_to(std::back_inserter(*json), ",\"line_number\":{},\"original_line\":", line.line);
    AppendJsonString(line.original, json);
    *json += '}';
  }
  *json += ']';
}

/// {"error": text, then what is more than InfluxDB says.
std::string RenderV1(std::string_view text, const WriteOutcome& outcome) {
  std::string json = "{\"error\":";
  AppendJsonString(text, &json);
  fmt::format_to(std::back_inserter(json), ",\"written\":{},\"dropped\":{},\"lines\":", outcome.written_rows,
                 outcome.refused_rows);
  AppendLines(outcome.refused, &json);
  return json += "}\n";
}

std::string RenderV2(std::string_view text, const WriteOutcome& outcome) {
  std::string json = "{\"code\":\"invalid\",\"message\":";
  AppendJsonString(text, &json);
  if (!outcome.refused.empty()) fmt::format_to(std::back_inserter(json), ",\"line\":{}", outcome.refused[0].line);
  fmt::format_to(std::back_inserter(json), ",\"written\":{},\"dropped\":{},\"lines\":", outcome.written_rows,
                 outcome.refused_rows);
  AppendLines(outcome.refused, &json);
  return json += "}\n";
}

std::string RenderV3(const WriteOutcome& outcome) {
  std::string json = outcome.written_rows > 0 ? "{\"error\":\"partial write of line protocol occurred\",\"data\":"
                                              : "{\"error\":\"parsing failed for write_lp endpoint\",\"data\":";
  AppendLines(outcome.refused, &json);
  fmt::format_to(std::back_inserter(json), ",\"written\":{},\"dropped\":{}}}\n", outcome.written_rows, outcome.refused_rows);
  return json;
}

}  // namespace

std::string PartialWriteText(const WriteOutcome& outcome) {
  std::string text;
  for (size_t i = 0; i < std::min(outcome.refused.size(), kLinesInTextMax); ++i) {
    if (i > 0) text += '\n';
    text += Explain(outcome.refused[i]);
  }
  const bool conflict = std::any_of(outcome.refused.begin(), outcome.refused.end(), IsSchemaConflict);
  if (outcome.written_rows == 0 && !conflict) return text;
  return fmt::format("partial write: {} dropped={}", text, outcome.refused_rows);
}

http::Response RenderV2Failure(const Status& status) {
  http::Response response = ResponseFor(status);
  response.headers.emplace_back("Content-Type", "application/json");
  response.body = fmt::format("{{\"code\":\"{}\",\"message\":", MappingOf(KindOf(status)).influx_code);
  AppendJsonString(ClientMessage(status), &response.body);
  response.body += "}\n";
  return response;
}

http::Response RenderError(Dialect dialect, const Status& status) {
  http::Response response = dialect == Dialect::kV2 ? RenderV2Failure(status) : ErrorResponse(status);
  // Of a write, what is not supported is the encoding of what was sent.
  if (KindOf(status) == ErrorKind::kUnsupported) response.status = 415;
  return response;
}

http::Response RenderOutcome(Dialect dialect, const WriteOutcome& outcome) {
  if (!outcome.status.ok()) return RenderError(dialect, outcome.status);
  if (outcome.refused_rows == 0) return {204, {}, {}};
  if (dialect == Dialect::kV3) return JsonResponse(400, RenderV3(outcome));
  const std::string text = PartialWriteText(outcome);
  if (dialect == Dialect::kV2) return JsonResponse(400, RenderV2(text, outcome));
  http::Response response = JsonResponse(400, RenderV1(text, outcome));
  response.headers.emplace_back("X-Influxdb-Error", text.substr(0, 512));
  return response;
}

}  // namespace gigapi::influx
