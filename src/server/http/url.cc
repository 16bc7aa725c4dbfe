#include "server/http/url.h"

namespace gigapi::http {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string DecodeLeniently(std::string_view text) {
  Result<std::string> decoded = DecodePercent(text, /*plus_is_space=*/true);
  return decoded.ok() ? *std::move(decoded) : std::string(text);
}

}  // namespace

Result<std::string> DecodePercent(std::string_view text, bool plus_is_space) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      decoded.push_back(' ');
    } else if (text[i] == '%') {
      const int high = i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? HexDigit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return Error(ErrorKind::kInvalidArgument, "broken percent escape in the URL");
      if (high == 0 && low == 0) return Error(ErrorKind::kInvalidArgument, "NUL in the URL");
      decoded.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    } else {
      decoded.push_back(text[i]);
    }
  }
  return decoded;
}

Params ParseQueryString(std::string_view text) {
  Params params;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    if (pair.empty()) continue;
    const size_t equals = pair.find('=');
    const std::string_view value = equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    params.emplace_back(DecodeLeniently(pair.substr(0, equals)), DecodeLeniently(value));
  }
  return params;
}

Status ParseTarget(std::string_view target, std::string* path, Params* query) {
  // The absolute form is for proxies, but a server must take it (RFC 9112, 3.2.2).
  for (std::string_view scheme : {"http://", "https://"}) {
    if (target.starts_with(scheme)) {
      const size_t slash = target.find('/', scheme.size());
      target = slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
      break;
    }
  }
  if (target == "*") {
    *path = "*";
    return Status::OK();
  }
  if (target.empty() || target[0] != '/') return Error(ErrorKind::kInvalidArgument, "malformed request target");
  target = target.substr(0, target.find('#'));
  const size_t question = target.find('?');
  ARROW_ASSIGN_OR_RAISE(*path, DecodePercent(target.substr(0, question), /*plus_is_space=*/false));
  if (question != std::string_view::npos) *query = ParseQueryString(target.substr(question + 1));
  return Status::OK();
}

std::optional<std::string> FindParameter(std::string_view name, const Request& request, const Params& form) {
  if (const auto value = request.Query(name)) return std::string(*value);
  for (const auto& [key, value] : form) {
    if (key == name) return value;
  }
  return std::nullopt;
}

}  // namespace gigapi::http
