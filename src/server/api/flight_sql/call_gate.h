// What every call passes first: credentials, and a limit on how many are under way.
#pragma once

#include <arrow/flight/server.h>
#include <arrow/flight/server_middleware.h>

#include <functional>
#include <memory>
#include <string_view>

#include "server/api/flight_sql/flight_stats.h"
#include "server/auth.h"

namespace gigapi::flight {

/// The name of the gate among the server's middleware.
inline constexpr char kGate[] = "gate";

/// Whether another node of the cluster calls: it may call its own actions, and no others.
bool IsPeerCall(const arrow::flight::ServerCallContext& context);

/// Thread-safe.
class CallGate final : public arrow::flight::ServerMiddlewareFactory {
 public:
  /// All must outlive the gate. `is_by_node` judges what other nodes of the cluster show (peers/peer_messages.h); empty:
  /// there are none.
  CallGate(const Authenticator* authenticator, FlightStats* stats, int64_t calls_max,
           std::function<bool(std::string_view proof)> is_by_node)
      : authenticator_(authenticator), stats_(stats), calls_max_(calls_max), is_by_node_(std::move(is_by_node)) {}

  /// Takes the Authorization header in all ways of HTTP, on any call. A handshake that brings one is answered by a token in
  /// a header of the same name.
  Status StartCall(const arrow::flight::CallInfo& info, const arrow::flight::ServerCallContext& context,
                   std::shared_ptr<arrow::flight::ServerMiddleware>* middleware) override;

 private:
  const Authenticator* const authenticator_;
  FlightStats* const stats_;
  const int64_t calls_max_;
  const std::function<bool(std::string_view proof)> is_by_node_;
};

}  // namespace gigapi::flight
