#include "server/api/gigapi/query_request.h"

#include <simdjson.h>

namespace gigapi {
namespace {

Status InvalidBody() { return Error(ErrorKind::kInvalidArgument, "Invalid request body"); }

/// The texts that a request may give in its URL and in its body.
struct Fields {
  std::string sql;
  std::string database;
  std::string format;
  std::string time_format;
};

Fields FromUrl(const http::Request& request) {
  const auto text = [&request](std::string_view name) { return std::string(request.Query(name).value_or("")); };
  return {"", text("db"), text("format"), text("time_format")};
}

/// Replaces `*text` when the object has the key; a value that is not a string is an error.
Status ReadString(const simdjson::dom::object& object, std::string_view key, std::string* text) {
  const auto value = object[key];
  if (value.error() == simdjson::NO_SUCH_FIELD) return Status::OK();
  std::string_view found;
  if (value.is_null()) return Status::OK();
  if (value.get_string().get(found) != simdjson::SUCCESS) return InvalidBody();
  if (!found.empty()) text->assign(found);
  return Status::OK();
}

Status ReadJson(std::string_view body, Fields* fields) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(body.data(), body.size()).get_object().get(object) != simdjson::SUCCESS) return InvalidBody();
  ARROW_RETURN_NOT_OK(ReadString(object, "query", &fields->sql));
  if (fields->sql.empty()) ARROW_RETURN_NOT_OK(ReadString(object, "sql", &fields->sql));
  ARROW_RETURN_NOT_OK(ReadString(object, "db", &fields->database));
  ARROW_RETURN_NOT_OK(ReadString(object, "format", &fields->format));
  return ReadString(object, "time_format", &fields->time_format);
}

Result<TimeFormat> ParseTimeFormat(std::string_view text) {
  if (text.empty() || text == "ns") return TimeFormat::kEpochNanos;
  if (text == "iso" || text == "rfc3339") return TimeFormat::kRfc3339;
  return Errorf(ErrorKind::kInvalidArgument, "Unsupported time_format: {} (ns and iso are known)", text);
}

Result<QueryCall> MakeCall(Fields fields, std::string_view default_database) {
  if (fields.sql.find_first_not_of(" \t\r\n;") == std::string::npos) {
    return Error(ErrorKind::kInvalidArgument, "Missing query parameter");
  }
  QueryCall call;
  ARROW_ASSIGN_OR_RAISE(const ResultFormat format, ParseResultFormat(fields.format));
  ARROW_ASSIGN_OR_RAISE(const TimeFormat time_format, ParseTimeFormat(fields.time_format));
  call.encoder = EncoderOf(format, time_format);
  call.request.sql = std::move(fields.sql);
  call.request.database = fields.database.empty() ? std::string(default_database) : std::move(fields.database);
  return call;
}

bool LooksLikeJson(std::string_view body) {
  const size_t first = body.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && body[first] == '{';
}

}  // namespace

Result<QueryCall> ReadQueryPost(const http::Request& request, std::string_view body, std::string_view default_database) {
  Fields fields = FromUrl(request);
  const bool says_json = request.Header("Content-Type").starts_with("application/json");
  if (LooksLikeJson(body) || (says_json && !body.empty())) ARROW_RETURN_NOT_OK(ReadJson(body, &fields));
  else fields.sql = body;
  return MakeCall(std::move(fields), default_database);
}

Result<QueryCall> ReadQueryGet(const http::Request& request, std::string_view sql, std::string_view default_database) {
  Fields fields = FromUrl(request);
  fields.sql = sql;
  return MakeCall(std::move(fields), default_database);
}

}  // namespace gigapi
