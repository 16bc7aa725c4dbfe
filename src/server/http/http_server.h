// HTTP/1.1 over TCP: sockets to exchanges. A few I/O threads run one coroutine a connection; see http.h for what a handler
// may do. Boost stays in the .cc files.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>

#include "server/http/http.h"
#include "server/http/router.h"
#include "server/http/worker_pool.h"

namespace gigapi::http {

/// What was answered, for logs and metrics. Called on an I/O thread.
struct Answered {
  std::string method;  // empty when the request could not be read
  std::string path;
  std::string route;
  int status = 0;
  int64_t nanos = 0;       // from the complete head to the last byte handed to the system
  int64_t body_bytes = 0;  // of the answer
};

struct HttpServerOptions {
  std::string host = "127.0.0.1";
  int port = 0;  // 0: any free one
  int io_threads = 2;
  int64_t header_bytes_max = 64 << 10;
  int64_t body_bytes_max = 256 << 20;
  int64_t inflight_body_bytes_max = 256 << 20;
  int64_t body_wait_ms_max = 5'000;
  int64_t streamed_body_bytes_max = int64_t{64} << 30;  // of routes that take their bodies piece by piece
  int64_t connections_max = 10'000;
  int64_t idle_timeout_ms = 75'000;
  int64_t request_timeout_ms = 30'000;  // for a head, and for each 256 KB of a body or an answer
  Headers common_headers;               // in every answer
  /// PEM files; both empty: no TLS.
  std::string tls_certificate_file;
  std::string tls_key_file;

  /// Says who answers, from the head alone, before the body is read. Any I/O thread, must be fast.
  std::function<Decision(Request*)> decide;
  /// May be empty.
  std::function<void(const Answered&)> observe;
  /// Runs body sources. Must be stopped after the server, and outlive it.
  WorkerPool* stream_pool = nullptr;
};

/// Why a request was refused, or its connection cut, before a handler saw it.
enum class Refusal : uint8_t {
  kMalformed,  // not HTTP, or such that two servers could read it differently
  kHeaderTooLarge,
  kBodyTooLarge,    // as sent or unpacked
  kIncompleteBody,  // the client went away
  kNoRoom,          // for the body, in time
  kTimeout,
  kTls,  // no handshake
};
inline constexpr std::string_view kRefusalNames[] = {
    "malformed", "header_too_large", "body_too_large", "incomplete_body", "no_room", "timeout", "tls"};

/// Readable at any time from any thread.
struct HttpStats {
  void Count(Refusal refusal) { ++refused_total[static_cast<size_t>(refusal)]; }
  std::array<std::atomic<int64_t>, std::size(kRefusalNames)> refused_total{};
  std::atomic<int64_t> connections{0};
  std::atomic<int64_t> connections_total{0};
  std::atomic<int64_t> connections_refused_total{0};
  std::atomic<int64_t> received_bytes_total{0};
  std::atomic<int64_t> sent_bytes_total{0};
  std::atomic<int64_t> bodies_refused_total{0};  // no room in time
};

/// Whether a server could speak TLS with these; OK when both are empty. kInvalidArgument says what is wrong with which.
Status CheckTlsFiles(const std::string& certificate_file, const std::string& key_file);

class HttpServer {
 public:
  static Result<std::unique_ptr<HttpServer>> Start(HttpServerOptions options);
  virtual ~HttpServer() = default;

  /// Stops accepting, closes idle connections, waits for answers under way, cuts what is left after the time. Idempotent.
  virtual void Stop(int64_t drain_timeout_ms) = 0;
  virtual int port() const = 0;
  virtual const HttpStats& stats() const = 0;
  virtual int64_t inflight_body_bytes() const = 0;
};

}  // namespace gigapi::http
