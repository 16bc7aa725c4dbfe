#include "server/api/arc/query_request.h"

#include <fmt/format.h>

#include <charconv>
#include <vector>

#include "server/api/arc/arc_database.h"
#include "server/json_body.h"
#include "server/sql_text.h"

namespace gigapi::arc {
namespace {

using http::Request;

constexpr int64_t kSqlBytesMax = 16 << 20;
constexpr int64_t kLimitDefault = 100, kLimitMax = 1'000'000;

const DatabaseParameters& DatabaseNames() {
  static const DatabaseParameters names = {"database", "db"};
  return names;
}

std::string_view Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\"");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\"") - begin + 1);
}

std::vector<std::string_view> SplitAtCommas(std::string_view text) {
  std::vector<std::string_view> parts;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

Result<int64_t> Count(const Request& request, std::string_view name, int64_t fallback, int64_t max,
                      std::string_view wanted) {
  const auto text = request.Query(name);
  if (!text) return fallback;
  int64_t count = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), count);
  if (error != std::errc() || end != text->data() + text->size() || count < 0 || count > max) {
    return Errorf(ErrorKind::kInvalidArgument, "Invalid {}: must be {}", name, wanted);
  }
  return count;
}

/// "time DESC, host": names with a direction each.
Result<std::string> OrderBy(std::string_view text) {
  std::string sql;
  for (std::string_view part : SplitAtCommas(text)) {
    part = Trimmed(part);
    std::string_view direction;
    if (const size_t space = part.find_last_of(" \t"); space != std::string_view::npos) {
      direction = part.substr(space + 1);
      if (http::EqualsIgnoringCase(direction, "asc") || http::EqualsIgnoringCase(direction, "desc")) {
        part = Trimmed(part.substr(0, space));
      } else direction = {};
    }
    if (part.empty()) return Error(ErrorKind::kInvalidArgument, "Invalid order_by: a column is missing");
    sql += fmt::format("{}{} {}", sql.empty() ? "" : ", ", SqlName(part), direction);
  }
  return sql;
}

std::string Columns(const Request& request) {
  const std::string_view names = request.Query("columns").value_or("");
  if (Trimmed(names).empty() || Trimmed(names) == "*") return "*";
  std::string sql;
  for (const std::string_view name : SplitAtCommas(names)) {
    if (!Trimmed(name).empty()) sql += (sql.empty() ? "" : ", ") + SqlName(Trimmed(name));
  }
  return sql;
}

/// A bound of time: nanoseconds, or any text that SQL reads as a timestamp.
std::string TimeBound(const Request& request, std::string_view name, std::string_view op) {
  const std::string_view text = Trimmed(request.Query(name).value_or(""));
  if (text.empty()) return {};
  const bool number = text.find_first_not_of("-0123456789") == std::string_view::npos && text.find('-', 1) == text.npos;
  return fmt::format(" AND \"time\" {} {}", op, number ? std::string(text) : SqlText(text));
}

}  // namespace

Result<QueryRequest> ReadQuery(const Request& request) {
  ARROW_ASSIGN_OR_RAISE(const JsonBody body, JsonBody::Read(request, kSqlBytesMax));
  QueryRequest query;
  ARROW_ASSIGN_OR_RAISE(query.sql, body.Text("sql"));
  if (query.sql.empty()) {
    ARROW_ASSIGN_OR_RAISE(query.sql, body.Text("query"));
  }
  if (query.sql.find_first_not_of(" \t\r\n;") == std::string::npos) {
    return Error(ErrorKind::kInvalidArgument, "SQL query is required");
  }
  query.database = DatabaseOf(request, DatabaseNames());
  return query;
}

Result<QueryRequest> ReadMeasurementQuery(const Request& request) {
  QueryRequest query;
  query.database = DatabaseOf(request, DatabaseNames());
  ARROW_ASSIGN_OR_RAISE(const int64_t limit,
                        Count(request, "limit", kLimitDefault, kLimitMax, "a positive integer up to 1000000"));
  ARROW_ASSIGN_OR_RAISE(const int64_t offset, Count(request, "offset", 0, INT64_MAX, "a non-negative integer"));
  ARROW_ASSIGN_OR_RAISE(const std::string order, OrderBy(request.Query("order_by").value_or("time DESC")));
  std::string where = "true" + TimeBound(request, "start_time", ">=") + TimeBound(request, "end_time", "<=");
  if (const std::string_view more = request.Query("where").value_or(""); !more.empty()) {
    // On lines of its own, so that a comment in it ends before what follows.
    where += fmt::format(" AND (\n{}\n)", more);
  }
  query.sql = fmt::format("SELECT {} FROM {} WHERE {} ORDER BY {} LIMIT {} OFFSET {}", Columns(request),
                          SqlName(request.PathParam("measurement")), where, order, limit, offset);
  return query;
}

}  // namespace gigapi::arc
