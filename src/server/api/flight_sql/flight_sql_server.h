// Flight SQL on a port of its own: what app/ starts and stops.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/error.h"
#include "server/api/flight_sql/flight_stats.h"

namespace gigapi {

class Lake;
class PeerService;
class QueryEngine;
class QueryRegistry;

struct FlightSqlOptions {
  std::string host = "0.0.0.0";
  int port = 8082;       // 0: any free one, see FlightSqlServer::port()
  std::string username;  // as ServerOptions has them
  std::string password;
  std::string version = "0.0.0";

  /// PEM files. Both or none: with them the port speaks TLS alone.
  std::string tls_certificate_file;
  std::string tls_key_file;

  int64_t calls_max = 512;            // under way at once; more are refused with UNAVAILABLE
  int64_t drain_timeout_ms = 10'000;  // Stop() waits this long for calls under way
  int64_t columns_per_table_max = 1'000;
  int64_t body_bytes_max = 256 << 20;     // one record batch of a write
  std::string default_database = "mydb";  // of calls that name none
};

/// Listens from Start to Stop. Start and Stop are called by the owner; all else happens on gRPC's threads, one for each call
/// that is under way, and on one that looks for clients which have gone.
class FlightSqlServer {
 public:
  /// All must outlive the server. `registry` lists the queries that run; `peers` answers other nodes of the cluster,
  /// nullptr: there are none. Fails when the address cannot be bound.
  static Result<std::unique_ptr<FlightSqlServer>> Start(FlightSqlOptions options, Lake* lake, QueryEngine* engine,
                                                        QueryRegistry* registry, FlightStats* stats,
                                                        PeerService* peers = nullptr);
  virtual ~FlightSqlServer() = default;

  /// Accepts nothing more, lets calls under way finish for drain_timeout_ms, then cancels the rest and waits for their
  /// threads. Idempotent. The destructor calls it.
  virtual void Stop() = 0;

  /// The port that is listened on.
  virtual int port() const = 0;
};

}  // namespace gigapi
