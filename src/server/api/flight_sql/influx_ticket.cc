#include "server/api/flight_sql/influx_ticket.h"

#include <arrow/scalar.h>
#include <simdjson.h>

namespace gigapi::flight {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

Result<std::shared_ptr<arrow::Scalar>> ValueOf(std::string_view name, element value) {
  switch (value.type()) {
    case element_type::INT64: return arrow::MakeScalar(int64_t{value.get_int64()});
    case element_type::UINT64: return arrow::MakeScalar(uint64_t{value.get_uint64()});
    case element_type::DOUBLE: return arrow::MakeScalar(double{value.get_double()});
    case element_type::BOOL: return arrow::MakeScalar(bool{value.get_bool()});
    case element_type::STRING: return arrow::MakeScalar(std::string(std::string_view(value.get_string())));
    case element_type::NULL_VALUE: return std::shared_ptr<arrow::Scalar>(nullptr);
    default: return Errorf(ErrorKind::kInvalidArgument, "the parameter '{}' is not a plain value", name);
  }
}

/// The text of a member; empty when it is missing or null.
Result<std::string> TextOf(const simdjson::dom::object& object, const char* name) {
  element value;
  if (object[name].get(value) != simdjson::SUCCESS || value.is_null()) return std::string();
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS)
    return Errorf(ErrorKind::kInvalidArgument, "'{}' of the ticket is not a text", name);
  return std::string(text);
}

}  // namespace

Result<QueryRequest> ReadInfluxTicket(std::string_view ticket, const std::string& database) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(simdjson::padded_string(ticket)).get(object) != simdjson::SUCCESS) {
    return Error(ErrorKind::kInvalidArgument, "the ticket is not a JSON object");
  }
  ARROW_ASSIGN_OR_RAISE(const std::string type, TextOf(object, "query_type"));
  if (type == "influxql")
    return Error(ErrorKind::kUnsupported, "InfluxQL is not answered over Flight: use SQL, or /query over HTTP");
  if (!type.empty() && type != "sql")
    return Errorf(ErrorKind::kInvalidArgument, "unknown query_type '{}'", type.substr(0, 40));
  QueryRequest request;
  ARROW_ASSIGN_OR_RAISE(request.sql, TextOf(object, "sql_query"));
  if (request.sql.empty()) return Error(ErrorKind::kInvalidArgument, "the ticket has no sql_query");
  ARROW_ASSIGN_OR_RAISE(request.database, TextOf(object, "database"));
  if (request.database.empty()) request.database = database;
  simdjson::dom::object parameters;
  if (object["params"].get(parameters) == simdjson::SUCCESS) {
    for (const auto& [name, value] : parameters) {
      ARROW_ASSIGN_OR_RAISE(auto scalar, ValueOf(name, value));
      request.named_parameters.emplace_back(std::string(name), std::move(scalar));
    }
  }
  return request;
}

}  // namespace gigapi::flight
