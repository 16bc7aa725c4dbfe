// What kind of failure a Status is, beyond Arrow's own codes.
//
// Functions return arrow::Status or arrow::Result. A failure that a client may see is made with Error(), which attaches
// an ErrorKind; server/ has the one table that maps a kind to HTTP and to gRPC. A Status without a kind counts as
// kInternal, except Arrow's Invalid, KeyError, NotImplemented, Cancelled and IOError, which have an obvious kind.
#pragma once

#include <arrow/result.h>
#include <arrow/status.h>
#include <fmt/format.h>

#include <string>
#include <string_view>

namespace gigapi {

using arrow::Result;
using arrow::Status;

enum class ErrorKind {
  kInvalidArgument,   // the request is wrong; sending it again gives the same answer
  kUnauthorized,      // no or wrong credentials
  kForbidden,         // the credentials do not allow this, or the sandbox does not
  kNotFound,          // a database, table, path or id that does not exist
  kMethodNotAllowed,  // the path exists, not with this method
  kConflict,          // what is asked for clashes with what is there
  kTooLarge,          // over a size limit
  kUnsupported,       // understood, and not built
  kOverloaded,        // over a rate or memory limit: try again later
  kUnavailable,       // cannot work now: starting, stopping, or a disk that failed
  kTimeout,           // took longer than a limit allows
  kCancelled,         // the client went away or asked to stop
  kInternal,          // our own mistake
};

/// The name of a kind, as in logs: "invalid argument".
std::string_view ToString(ErrorKind kind);

/// A failure of the given kind. The message is shown to the client: no path of the server, no secret.
Status Error(ErrorKind kind, std::string message);

template <typename... Args>
Status Errorf(ErrorKind kind, fmt::format_string<Args...> format, Args&&... args) {
  return Error(kind, fmt::format(format, std::forward<Args>(args)...));
}

/// The kind of a failure; must not be called with an OK status.
ErrorKind KindOf(const Status& status);

}  // namespace gigapi
