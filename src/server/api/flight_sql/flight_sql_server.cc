#include "server/api/flight_sql/flight_sql_server.h"

#include <arrow/flight/server_auth.h>

#include <chrono>
#include <fstream>
#include <iterator>

#include "base/log.h"
#include "server/api/flight_sql/call_gate.h"
#include "server/api/flight_sql/flight_service.h"
#include "server/auth.h"

namespace gigapi {
namespace {

Result<std::string> ReadPem(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file || text.empty()) return Errorf(ErrorKind::kInvalidArgument, "{} cannot be read", path);
  return text;
}

class FlightSqlServerImpl final : public FlightSqlServer {
 public:
  FlightSqlServerImpl(FlightSqlOptions options, Lake* lake, QueryEngine* engine, QueryRegistry* registry, FlightStats* stats,
                      PeerService* peers)
      : options_(std::move(options)),
        authenticator_(options_.username, options_.password),
        stats_(stats),
        peers_(peers),
        service_(&options_, lake, engine, registry, stats, peers) {}
  ~FlightSqlServerImpl() override { Stop(); }

  Status Listen() {
    const bool tls = !options_.tls_certificate_file.empty();
    arrow::flight::Location location;
    ARROW_ASSIGN_OR_RAISE(location, tls ? arrow::flight::Location::ForGrpcTls(options_.host, options_.port)
                                        : arrow::flight::Location::ForGrpcTcp(options_.host, options_.port));
    arrow::flight::FlightServerOptions flight(location);
    // Credentials are read from headers by the gate; the handler's own way of tokens lets everybody pass.
    flight.auth_handler = std::make_shared<arrow::flight::NoOpAuthHandler>();
    std::function<bool(std::string_view)> is_by_node;
    if (peers_ != nullptr) is_by_node = [this](std::string_view proof) { return peers_->IsByNode(proof); };
    flight.middleware.emplace_back(flight::kGate, std::make_shared<flight::CallGate>(
                                                      &authenticator_, stats_, options_.calls_max, std::move(is_by_node)));
    if (tls) {
      arrow::flight::CertKeyPair& pair = flight.tls_certificates.emplace_back();
      ARROW_ASSIGN_OR_RAISE(pair.pem_cert, ReadPem(options_.tls_certificate_file));
      ARROW_ASSIGN_OR_RAISE(pair.pem_key, ReadPem(options_.tls_key_file));
    }
    const Status started = service_.Init(flight);
    if (!started.ok()) {
      LOG_DEBUG("Flight SQL does not start", "reason={}", started.ToString());
      return Errorf(ErrorKind::kUnavailable,
                    "Flight SQL cannot listen on {}:{}: is the port taken? Set FLIGHTSQL_PORT, or FLIGHTSQL_ENABLE=false",
                    options_.host, options_.port);
    }
    listening_ = true;
    return Status::OK();
  }

  void Stop() override {
    if (!listening_) return;
    listening_ = false;
    const auto deadline = std::chrono::system_clock::now() + std::chrono::milliseconds(options_.drain_timeout_ms);
    Status stopped = service_.Shutdown(&deadline);
    if (stopped.ok()) stopped = service_.Wait();
    if (!stopped.ok()) LOG_WARN("Flight SQL did not stop in order", "reason={}", stopped.ToString());
  }

  int port() const override { return service_.port(); }

 private:
  const FlightSqlOptions options_;
  const Authenticator authenticator_;
  FlightStats* const stats_;
  PeerService* const peers_;
  flight::FlightService service_;
  bool listening_ = false;
};

}  // namespace

Result<std::unique_ptr<FlightSqlServer>> FlightSqlServer::Start(FlightSqlOptions options, Lake* lake, QueryEngine* engine,
                                                                QueryRegistry* registry, FlightStats* stats,
                                                                PeerService* peers) {
  auto server = std::make_unique<FlightSqlServerImpl>(std::move(options), lake, engine, registry, stats, peers);
  ARROW_RETURN_NOT_OK(server->Listen());
  return server;
}

}  // namespace gigapi
