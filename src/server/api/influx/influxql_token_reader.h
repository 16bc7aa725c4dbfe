// The tokens of a text of InfluxQL with one to look ahead at: what its parsers share.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/error.h"
#include "server/api/influx/influxql_lexer.h"

namespace gigapi::influx {

/// Values of $name: tokens that stand in their places.
using BoundParameters = std::map<std::string, Token, std::less<>>;

/// One thread; text and parameters must outlive it.
class TokenReader {
 public:
  TokenReader(std::string_view text, const BoundParameters& parameters)
      : text_(text), parameters_(parameters), lexer_(text) {
    Advance();
  }

  const Token& token() const { return token_; }
  std::string_view text() const { return text_; }

  void Advance(bool regex_allowed = false) {
    token_ = lexer_.Next(regex_allowed);
    if (token_.kind != TokenKind::kParameter) return;
    const auto found = parameters_.find(token_.text);
    const size_t offset = token_.offset;
    token_ = found != parameters_.end() ? found->second : Token{TokenKind::kBad, "$" + token_.text, offset};
    token_.offset = offset;
  }
  /// Reads the token under the cursor anew, where a regular expression may stand.
  void Reread() {
    lexer_.Rewind(token_.offset);
    Advance(/*regex_allowed=*/true);
  }

  bool At(std::string_view symbol) const { return token_.IsSymbol(symbol); }
  bool AtKeyword(std::string_view keyword) const { return token_.IsKeyword(keyword); }
  bool Accept(std::string_view keyword) {
    if (!token_.IsKeyword(keyword)) return false;
    Advance();
    return true;
  }
  bool AcceptSymbol(std::string_view symbol) {
    if (!token_.IsSymbol(symbol)) return false;
    Advance();
    return true;
  }
  Status Expect(std::string_view keyword) { return Accept(keyword) ? Status::OK() : Unexpected(keyword); }
  Status ExpectSymbol(std::string_view symbol) { return AcceptSymbol(symbol) ? Status::OK() : Unexpected(symbol); }

  Status Unexpected(std::string_view expected) const {
    return Errorf(ErrorKind::kInvalidArgument, "found {}, expected {} at {}", token_.text, expected,
                  PositionText(text_, token_.offset));
  }

  Result<std::string> Identifier() {
    if (token_.kind != TokenKind::kIdentifier) return Unexpected("identifier");
    std::string name = token_.text;
    Advance();
    return name;
  }
  Result<int64_t> Integer();

 private:
  const std::string_view text_;
  const BoundParameters& parameters_;
  Lexer lexer_;
  Token token_;
};

inline Status Unsupported(std::string_view what) { return Errorf(ErrorKind::kUnsupported, "{} is not supported", what); }

}  // namespace gigapi::influx
