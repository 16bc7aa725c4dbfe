// Where exceptions end: what libraries throw, and memory that cannot be had, become failures of the one request or the one
// round of work that met them. A thread that lets an exception go ends the process.
#pragma once

#include <exception>
#include <new>
#include <string_view>

#include "base/error.h"
#include "base/log.h"

namespace gigapi {

/// What a request is told that the process has no memory for.
inline Status OutOfMemory() {
  return Error(ErrorKind::kOverloaded, "there is not enough memory for this now: try again later, or send it in parts");
}

/// What `call`, which answers a Status or a Result, has answered; an exception is a failure.
template <typename Call>
auto Guarded(const Call& call) -> decltype(call()) {
  try {
    return call();
  } catch (const std::bad_alloc&) {
    return OutOfMemory();
  } catch (const std::exception& thrown) {
    return Status::UnknownError(thrown.what());
  }
}

/// Calls `work`, which has nobody to tell of a failure: an exception is logged. False after one.
template <typename Work>
bool LogExceptions(std::string_view what, const Work& work) noexcept {
  try {
    work();
    return true;
  } catch (const std::exception& thrown) {
    try {
      LOG_ERROR("work failed", "what={} reason=\"{}\"", what, thrown.what());
    } catch (...) {  // no memory to say so
    }
    return false;
  }
}

}  // namespace gigapi
