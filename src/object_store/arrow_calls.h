// Calls of Arrow's file systems for GCS and Azure, whose failures are told as ours are.
//
// Azure's library throws where it gets no answer, and Arrow lets that through. No such call is to be made outside of
// ExplainedCall: an exception of a thread that nobody waits for ends the process.
#pragma once

#include <exception>
#include <string>

#include "base/error.h"

namespace gigapi {

/// A failure with the store's address before it, on one line, and the kind that its text tells: kForbidden where credentials
/// are refused, else kUnavailable. One that has another code than IOError or Unknown stays as it is.
Status ExplainArrowFailure(const std::string& description, const Status& failure);

/// What `call`, which answers a Status or a Result, has answered; an exception is a failure.
template <typename Call>
auto ExplainedCall(const std::string& description, const Call& call) -> decltype(call()) {
  try {
    auto outcome = call();
    if (outcome.ok()) return outcome;
    return ExplainArrowFailure(description, arrow::ToStatus(outcome));
  } catch (const std::exception& thrown) {
    return ExplainArrowFailure(description, Status::IOError(thrown.what()));
  }
}

}  // namespace gigapi
