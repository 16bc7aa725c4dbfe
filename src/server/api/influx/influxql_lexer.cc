#include "server/api/influx/influxql_lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace gigapi::influx {
namespace {

/// All of InfluxQL's: none of them is a name unless it is quoted.
constexpr std::array<std::string_view, 79> kKeywords = {
    "ALL",           "ALTER",        "ANALYZE",     "AND",          "ANY",         "AS",       "ASC",
    "BEGIN",         "BY",           "CARDINALITY", "CONTINUOUS",   "CREATE",      "DATABASE", "DATABASES",
    "DEFAULT",       "DELETE",       "DESC",        "DESTINATIONS", "DIAGNOSTICS", "DISTINCT", "DROP",
    "DURATION",      "END",          "EVERY",       "EXACT",        "EXPLAIN",     "FALSE",    "FIELD",
    "FOR",           "FROM",         "GRANT",       "GRANTS",       "GROUP",       "GROUPS",   "IN",
    "INF",           "INSERT",       "INTO",        "KEY",          "KEYS",        "KILL",     "LIMIT",
    "MEASUREMENT",   "MEASUREMENTS", "NAME",        "OFFSET",       "ON",          "OR",       "ORDER",
    "PASSWORD",      "POLICIES",     "POLICY",      "PRIVILEGES",   "QUERIES",     "QUERY",    "READ",
    "REPLICATION",   "RESAMPLE",     "RETENTION",   "REVOKE",       "SELECT",      "SERIES",   "SET",
    "SHARD",         "SHARDS",       "SHOW",        "SLIMIT",       "SOFFSET",     "STATS",    "SUBSCRIPTION",
    "SUBSCRIPTIONS", "TAG",          "TO",          "TRUE",         "USER",        "USERS",    "VALUES",
    "WHERE",         "WITH"};
static_assert(std::is_sorted(kKeywords.begin(), kKeywords.end()));

constexpr std::array<std::string_view, 23> kSymbols = {"!=", "!~", "<=", "<>", "=~", ">=", "::", "=", "<", ">", "+", "-",
                                                       "*",  "/",  "%",  "&",  "|",  "^",  "(",  ")", ",", ";", "."};

bool IsNameStart(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsNamePart(char c) { return IsNameStart(c) || IsDigit(c); }

}  // namespace

void Lexer::SkipSpaceAndComments() {
  while (offset_ < text_.size()) {
    const std::string_view rest = text_.substr(offset_);
    if (std::isspace(static_cast<unsigned char>(rest[0])) != 0) ++offset_;
    else if (rest.starts_with("--")) offset_ += std::min(rest.size(), rest.find('\n'));
    else if (rest.starts_with("/*")) {
      const size_t end = rest.find("*/", 2);
      offset_ += end == std::string_view::npos ? rest.size() : end + 2;
    } else return;
  }
}

Token Lexer::Next(bool regex_allowed) {
  SkipSpaceAndComments();
  if (offset_ >= text_.size()) return {TokenKind::kEnd, "EOF", text_.size()};
  const char c = text_[offset_];
  if (c == '"') return Quoted('"', TokenKind::kIdentifier);
  if (c == '\'') return Quoted('\'', TokenKind::kString);
  if (c == '/' && regex_allowed) return Regex();
  if (c == '$') return Parameter();
  if (IsNameStart(c)) return Word();
  const bool dot_number = c == '.' && offset_ + 1 < text_.size() && IsDigit(text_[offset_ + 1]);
  if (IsDigit(c) || dot_number) return Number();
  return Symbol();
}

Token Lexer::Word() {
  Token token{TokenKind::kIdentifier, {}, offset_};
  while (offset_ < text_.size() && IsNamePart(text_[offset_])) token.text += text_[offset_++];
  std::string upper = token.text;
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (std::binary_search(kKeywords.begin(), kKeywords.end(), std::string_view(upper))) {
    token.kind = TokenKind::kKeyword;
    token.text = std::move(upper);
  }
  return token;
}

Token Lexer::Parameter() {
  const size_t begin = offset_++;
  const bool quoted = offset_ < text_.size() && text_[offset_] == '"';
  Token token = quoted ? Quoted('"', TokenKind::kParameter) : Token{TokenKind::kParameter, {}, begin};
  while (!quoted && offset_ < text_.size() && IsNamePart(text_[offset_])) token.text += text_[offset_++];
  if (token.text.empty()) token.kind = TokenKind::kBad;
  token.offset = begin;
  return token;
}

Token Lexer::Quoted(char quote, TokenKind kind) {
  Token token{kind, {}, offset_};
  for (++offset_; offset_ < text_.size(); ++offset_) {
    char c = text_[offset_];
    if (c == quote) {
      ++offset_;
      return token;
    }
    if (c == '\n') break;
    if (c == '\\' && offset_ + 1 < text_.size()) {
      const char escaped = text_[++offset_];
      if (escaped == 'n') c = '\n';
      else if (escaped == '\\' || escaped == '"' || escaped == '\'') c = escaped;
      else break;
    }
    token.text += c;
  }
  token.kind = TokenKind::kBad;
  return token;
}

Token Lexer::Number() {
  Token token{TokenKind::kInteger, {}, offset_};
  const auto digits = [&] {
    while (offset_ < text_.size() && IsDigit(text_[offset_])) token.text += text_[offset_++];
  };
  digits();
  if (offset_ < text_.size() && text_[offset_] == '.') {
    token.kind = TokenKind::kNumber;
    token.text += text_[offset_++];
    digits();
    return token;
  }
  // A unit makes it a duration, which may go on: 1h30m. "µ" has two bytes.
  while (offset_ < text_.size()) {
    const std::string_view rest = text_.substr(offset_);
    if (rest.starts_with("\xc2\xb5")) {
      token.text += 'u';
      offset_ += 2;
      if (text_.substr(offset_).starts_with("s")) ++offset_;
    } else if (IsNameStart(rest[0])) {
      while (offset_ < text_.size() && IsNameStart(text_[offset_])) token.text += text_[offset_++];
    } else break;
    token.kind = TokenKind::kDuration;
    digits();
  }
  return token;
}

Token Lexer::Regex() {
  Token token{TokenKind::kRegex, {}, offset_};
  for (++offset_; offset_ < text_.size() && text_[offset_] != '\n'; ++offset_) {
    if (text_[offset_] == '/') {
      ++offset_;
      return token;
    }
    if (text_.substr(offset_).starts_with("\\/")) ++offset_;
    token.text += text_[offset_];
  }
  token.kind = TokenKind::kBad;
  return token;
}

Token Lexer::Symbol() {
  const std::string_view rest = text_.substr(offset_);
  for (const std::string_view symbol : kSymbols) {
    if (!rest.starts_with(symbol)) continue;
    const Token token{TokenKind::kSymbol, std::string(symbol), offset_};
    offset_ += symbol.size();
    return token;
  }
  // All bytes of a character of UTF-8 together, so that an error shows it whole.
  size_t size = 1;
  while (size < rest.size() && (static_cast<unsigned char>(rest[size]) & 0xc0) == 0x80) ++size;
  const Token token{TokenKind::kBad, std::string(rest.substr(0, size)), offset_};
  offset_ += size;
  return token;
}

std::string PositionText(std::string_view text, size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const size_t line_begin = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  // InfluxDB counts the end of the text as one more character.
  const size_t at = offset - line_begin + 1 + (offset == text.size() ? 1 : 0);
  return fmt::format("line {}, char {}", line, at);
}

}  // namespace gigapi::influx
