// The HTTP server with all its dialects: what app/ starts and stops.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "backup/backup_job.h"
#include "base/error.h"
#include "object_store/open_store.h"
#include "server/api/gigapi/cluster_routes.h"
#include "server/api/gigapi/restore_routes.h"

namespace gigapi {

class Exposition;
class Lake;
class QueryEngine;
class QueryRegistry;

struct ServerOptions {
  std::string host = "0.0.0.0";  // an address or a name of this machine
  int port = 7971;               // 0: any free one, see Server::port()
  std::string username;          // basic authentication; off when username and password are both empty
  std::string password;
  std::string version = "0.0.0";  // shown by /health, /ping and /
  std::string commit = "unknown";

  int io_threads = 0;            // read, parse and write; 0: as many as cores
  int query_threads = 16;        // one for each query that runs
  int queries_queued_max = 256;  // waiting for a thread; more are answered with 503

  int64_t body_bytes_max = 256 << 20;           // of a request, before and after decompression; more is answered with 413
  int64_t inflight_body_bytes_max = 256 << 20;  // bodies held at once; a request waits for room, then gets 503
  int64_t body_wait_ms_max = 5'000;             // for that room
  int64_t header_bytes_max = 64 << 10;          // request line and headers
  int64_t connections_max = 10'000;
  int64_t idle_timeout_ms = 75'000;     // between requests
  int64_t request_timeout_ms = 30'000;  // for the headers, and for a body or answer that makes no progress
  int64_t drain_timeout_ms = 10'000;    // Stop() waits this long for answers under way

  /// PEM files. Both or none: with them the port speaks TLS alone.
  std::string tls_certificate_file;
  std::string tls_key_file;

  int imports_max = 4;                                // at once, each with a thread of its own; some more wait
  int64_t import_bytes_max = int64_t{64} << 30;       // of one import, as sent and decompressed
  int64_t import_spool_bytes_max = int64_t{8} << 30;  // of an imported Parquet file
  std::string import_spool_directory;                 // where it is spooled; empty: none is taken

  StoreCredentials backup_credentials;  // of places that backups go to
  BackupSource backup_source;           // empty: the server's lake

  /// What is asked of who owns this server, which it does not outlive.
  RestoreCalls restores;

  int64_t line_bytes_max = 1 << 20;  // one line of line protocol
  int64_t columns_per_table_max = 1'000;

  /// Adds to /metrics what the server cannot know; called on any thread while it runs, may be empty.
  std::function<void(Exposition*)> write_more_metrics;

  /// What is asked of the nodes that share the lake.
  ClusterCalls cluster;

  std::string default_database = "mydb";  // of GigAPI's own routes when a request names none
};

/// Listens from Listen to Stop. All calls are the owner's; all else happens on the server's own threads.
class Server {
 public:
  /// `lake` and `engine` must outlive the server.
  static std::unique_ptr<Server> Make(ServerOptions options, Lake* lake, QueryEngine* engine);
  virtual ~Server() = default;

  /// Once everything else runs that clients expect of a server that answers. Fails when the address cannot be bound.
  virtual Status Listen() = 0;

  /// Accepts nothing more, lets requests under way finish for drain_timeout_ms, then cuts the rest and joins all threads.
  /// Idempotent. The destructor calls it.
  virtual void Stop() = 0;

  /// The port that is listened on, once it is.
  virtual int port() const = 0;

  /// The queries that run, for other doors to list theirs too. Belongs to the server.
  virtual QueryRegistry* query_registry() = 0;
};

}  // namespace gigapi
