// What every call passes first: credentials, and a limit on how many are under way.
#pragma once

#include <arrow/flight/server.h>
#include <arrow/flight/server_middleware.h>

#include <memory>

#include "server/api/flight_sql/flight_stats.h"
#include "server/auth.h"

namespace gigapi::flight {

/// Thread-safe.
class CallGate final : public arrow::flight::ServerMiddlewareFactory {
 public:
  /// Both must outlive the gate.
  CallGate(const Authenticator* authenticator, FlightStats* stats, int64_t calls_max)
      : authenticator_(authenticator), stats_(stats), calls_max_(calls_max) {}

  /// Takes the Authorization header in all ways of HTTP, on any call. A handshake that brings one is answered by a token in
  /// a header of the same name.
  Status StartCall(const arrow::flight::CallInfo& info, const arrow::flight::ServerCallContext& context,
                   std::shared_ptr<arrow::flight::ServerMiddleware>* middleware) override;

 private:
  const Authenticator* const authenticator_;
  FlightStats* const stats_;
  const int64_t calls_max_;
};

}  // namespace gigapi::flight
