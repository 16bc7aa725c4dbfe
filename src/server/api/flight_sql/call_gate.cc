#include "server/api/flight_sql/call_gate.h"

#include "peers/peer_messages.h"
#include "server/api/flight_sql/call_headers.h"
#include "server/api/flight_sql/flight_errors.h"

namespace gigapi::flight {
namespace {

/// One call, until it has been answered.
class PassedCall final : public arrow::flight::ServerMiddleware {
 public:
  PassedCall(FlightStats* stats, std::string authorization, bool is_peer)
      : stats_(stats), authorization_(std::move(authorization)), is_peer_(is_peer) {}
  bool is_peer() const { return is_peer_; }
  ~PassedCall() override { --stats_->calls; }

  std::string name() const override { return "gigapi"; }
  void SendingHeaders(arrow::flight::AddCallHeaders* outgoing) override {
    if (!authorization_.empty()) outgoing->AddHeader("authorization", authorization_);
  }
  void CallCompleted(const Status&) override {}

 private:
  FlightStats* const stats_;
  const std::string authorization_;
  const bool is_peer_;
};

}  // namespace

bool IsPeerCall(const arrow::flight::ServerCallContext& context) {
  const auto* const passed = dynamic_cast<PassedCall*>(context.GetMiddleware(kGate));
  return passed != nullptr && passed->is_peer();
}

Status CallGate::StartCall(const arrow::flight::CallInfo& info, const arrow::flight::ServerCallContext& context,
                           std::shared_ptr<arrow::flight::ServerMiddleware>* middleware) {
  const std::string_view proof = HeaderOf(context.incoming_headers(), kPeerProofHeader);
  const bool is_peer =
      !proof.empty() && is_by_node_ && info.method == arrow::flight::FlightMethod::DoAction && is_by_node_(proof);
  if (!is_peer && !authenticator_->AllowsHeader(HeaderOf(context.incoming_headers(), "authorization"))) {
    ++stats_->refused_total;
    return ToFlightStatus(Error(ErrorKind::kUnauthorized, "unauthorized access"));
  }
  if (++stats_->calls > calls_max_) {
    --stats_->calls;
    ++stats_->refused_total;
    return ToFlightStatus(Error(ErrorKind::kUnavailable, "too many calls are under way"));
  }
  ++stats_->calls_total;
  const bool greets = info.method == arrow::flight::FlightMethod::Handshake;
  *middleware = std::make_shared<PassedCall>(stats_, greets ? "Bearer " + authenticator_->session_token() : "", is_peer);
  return Status::OK();
}

}  // namespace gigapi::flight
