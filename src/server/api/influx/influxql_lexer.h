// InfluxQL as tokens. Pure; reads no further than it is asked to, since whether '/' begins a regular expression depends on
// what comes before it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gigapi::influx {

enum class TokenKind : uint8_t {
  kEnd,
  kKeyword,     // text in upper case
  kIdentifier,  // bare or in double quotes; text without them
  kString,      // in single quotes; text without them
  kInteger,
  kNumber,
  kDuration,   // "10m", "1h30m"
  kRegex,      // text between the slashes
  kParameter,  // "$name"; text without the $
  kSymbol,     // an operator or a mark: "=", "!=", "=~", "(", ";" ...
  kBad,        // what no token begins with, or a quote that is not closed
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string text;
  size_t offset = 0;  // where it begins

  bool IsKeyword(std::string_view keyword) const { return kind == TokenKind::kKeyword && text == keyword; }
  bool IsSymbol(std::string_view symbol) const { return kind == TokenKind::kSymbol && text == symbol; }
};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  /// The next token. `regex_allowed`: a '/' begins a regular expression, as after =~ and FROM.
  Token Next(bool regex_allowed);
  size_t offset() const { return offset_; }
  void Rewind(size_t offset) { offset_ = offset; }

 private:
  void SkipSpaceAndComments();
  Token Word();
  Token Parameter();
  Token Quoted(char quote, TokenKind kind);
  Token Number();
  Token Regex();
  Token Symbol();

  const std::string_view text_;
  size_t offset_ = 0;
};

/// "line 2, char 7" of an offset, counted from 1.
std::string PositionText(std::string_view text, size_t offset);

}  // namespace gigapi::influx
