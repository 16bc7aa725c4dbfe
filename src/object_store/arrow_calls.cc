#include "object_store/arrow_calls.h"

#include <algorithm>
#include <string_view>

namespace gigapi {
namespace {

/// How GCS and Azure say that credentials are not enough: codes of their protocols, as Arrow's texts have them.
constexpr std::string_view kRefusals[] = {"PERMISSION_DENIED",
                                          "UNAUTHENTICATED",
                                          "AuthenticationFailed",
                                          "AuthorizationFail",
                                          "AuthorizationPermissionMismatch",
                                          "NoAuthenticationInf",
                                          "InvalidAuthenticationInfo"};

/// The libraries' texts have line breaks, and the headers of the answer behind them.
std::string OnOneLine(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < ' '; }, ' ');
  return text;
}

}  // namespace

Status ExplainArrowFailure(const std::string& description, const Status& failure) {
  if (!failure.IsIOError() && !failure.IsUnknownError()) return failure;
  const std::string text = OnOneLine(failure.message());
  const bool is_refused = std::any_of(std::begin(kRefusals), std::end(kRefusals),
                                      [&](std::string_view code) { return text.find(code) != std::string::npos; });
  return Errorf(is_refused ? ErrorKind::kForbidden : ErrorKind::kUnavailable, "{}: {}", description, text);
}

}  // namespace gigapi
