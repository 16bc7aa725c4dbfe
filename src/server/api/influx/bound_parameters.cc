#include "server/api/influx/bound_parameters.h"

#include <simdjson.h>

namespace gigapi::influx {
namespace {

using simdjson::dom::element;

Status Invalid() { return Error(ErrorKind::kInvalidArgument, "error parsing query parameters: not an object of values"); }

Result<Token> TokenOfText(TokenKind kind, const element& value) {
  std::string_view text;
  if (value.get_string().get(text) != simdjson::SUCCESS) return Invalid();
  return Token{kind, std::string(text), 0};
}

Result<Token> TokenOf(const element& value);

Result<Token> TokenOfObject(const simdjson::dom::object& object) {
  if (object.size() != 1) return Invalid();
  const auto [kind, value] = *object.begin();
  if (kind == "identifier") return TokenOfText(TokenKind::kIdentifier, value);
  if (kind == "regex") return TokenOfText(TokenKind::kRegex, value);
  if (kind == "duration") return TokenOfText(TokenKind::kDuration, value);
  if (kind == "string" || kind == "float" || kind == "integer" || kind == "number" || kind == "boolean")
    return TokenOf(value);
  return Errorf(ErrorKind::kInvalidArgument, "unknown bind parameter type: {}", kind);
}

Result<Token> TokenOf(const element& value) {
  switch (value.type()) {
    case simdjson::dom::element_type::STRING: return TokenOfText(TokenKind::kString, value);
    case simdjson::dom::element_type::BOOL: return Token{TokenKind::kKeyword, bool(value) ? "TRUE" : "FALSE", 0};
    case simdjson::dom::element_type::INT64: return Token{TokenKind::kInteger, std::to_string(int64_t(value)), 0};
    case simdjson::dom::element_type::DOUBLE: return Token{TokenKind::kNumber, fmt::format("{}", double(value)), 0};
    case simdjson::dom::element_type::OBJECT: return TokenOfObject(value.get_object().value_unsafe());
    default: return Invalid();
  }
}

}  // namespace

Result<BoundParameters> ParseBoundParameters(std::string_view json) {
  BoundParameters parameters;
  if (json.empty()) return parameters;
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(json.data(), json.size()).get_object().get(object) != simdjson::SUCCESS) return Invalid();
  for (const auto [name, value] : object) {
    ARROW_ASSIGN_OR_RAISE(parameters[std::string(name)], TokenOf(value));
  }
  return parameters;
}

}  // namespace gigapi::influx
