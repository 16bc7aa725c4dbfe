#include "server/http/http_server.h"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/log.h"
#include "base/thread.h"
#include "server/http/connection.h"

namespace gigapi::http {
namespace {

using asio::ip::tcp;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
/// After an accept that failed, as it does without free file descriptors.
constexpr auto kAcceptPause = std::chrono::milliseconds(100);
/// For connections to end that have been cut.
constexpr auto kCutWait = std::chrono::seconds(10);

Result<tcp::acceptor> Listen(asio::io_context& io, const std::string& host, int port) {
  boost::system::error_code error;
  tcp::resolver resolver(io);
  const auto found = resolver.resolve(host, std::to_string(port), tcp::resolver::passive, error);
  if (error || found.empty()) return Errorf(ErrorKind::kInvalidArgument, "cannot resolve {}: {}", host, error.message());
  const tcp::endpoint endpoint = found.begin()->endpoint();
  tcp::acceptor acceptor(io);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && endpoint.address().is_v6() && endpoint.address().is_unspecified()) {
    acceptor.set_option(asio::ip::v6_only(false), error);
  }
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(tcp::socket::max_listen_connections, error);
  if (error) return Errorf(ErrorKind::kUnavailable, "cannot listen on {}:{}: {}", host, port, error.message());
  return acceptor;
}

/// The server's side of TLS 1.2 and later.
Result<asio::ssl::context> LoadTls(const std::string& certificate_file, const std::string& key_file) {
  asio::ssl::context context(asio::ssl::context::tls_server);
  boost::system::error_code error;
  context.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                          asio::ssl::context::no_tlsv1_1 | SSL_OP_NO_RENEGOTIATION,
                      error);
  // A client that offers protocols (HTTP/2 first, as most do) is told the one that is spoken.
  SSL_CTX_set_alpn_select_cb(
      context.native_handle(),
      [](SSL*, const unsigned char** out, unsigned char* out_bytes, const unsigned char* in, unsigned int in_bytes, void*) {
        static constexpr unsigned char kHttp11[] = "\x08http/1.1";
        unsigned char* chosen = nullptr;
        const int found = SSL_select_next_proto(&chosen, out_bytes, kHttp11, sizeof kHttp11 - 1, in, in_bytes);
        *out = chosen;
        return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
      },
      nullptr);
  if (!error) context.use_certificate_chain_file(certificate_file, error);
  if (error)
    return Errorf(ErrorKind::kInvalidArgument, "cannot use the certificate {}: {}", certificate_file, error.message());
  context.use_private_key_file(key_file, asio::ssl::context::pem, error);
  if (error) return Errorf(ErrorKind::kInvalidArgument, "cannot use the key {}: {}", key_file, error.message());
  // Buffers of idle connections are given back.
  SSL_CTX_set_mode(context.native_handle(), SSL_MODE_RELEASE_BUFFERS);
  return context;
}

/// Goes on where what was to be done for one connection has thrown.
void RunIo(ServerCore* core) {
  while (!LogExceptions("I/O", [core] { core->io.run(); })) {
  }
}

class HttpServerImpl final : public HttpServer {
 public:
  HttpServerImpl(std::shared_ptr<ServerCore> core, tcp::acceptor acceptor)
      : core_(std::move(core)), work_(core_->io.get_executor()), acceptor_(std::move(acceptor)), sweep_(core_->io) {
    boost::system::error_code ignored;
    port_ = acceptor_.local_endpoint(ignored).port();
  }

  ~HttpServerImpl() override { Stop(0); }

  void Begin() {
    asio::co_spawn(strand_, Accept(), [](std::exception_ptr) {});
    asio::co_spawn(strand_, Sweep(), [](std::exception_ptr) {});
    for (int i = 0; i < core_->options.io_threads; ++i) {
      threads_.push_back(StartThread(fmt::format("http-io-{}", i), [core = core_] { RunIo(core.get()); }));
    }
  }

  void Stop(int64_t drain_timeout_ms) override;
  int port() const override { return port_; }
  const HttpStats& stats() const override { return core_->stats; }
  int64_t inflight_body_bytes() const override { return core_->budget.used(); }

 private:
  asio::awaitable<void> Accept();
  asio::awaitable<void> AcceptUntilStopped();
  asio::awaitable<void> Sweep();
  template <typename Work>
  void ForEachConnection(Work work);
  bool WaitForConnections(std::chrono::milliseconds timeout);

  const std::shared_ptr<ServerCore> core_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  asio::strand<asio::io_context::executor_type> strand_{core_->io.get_executor()};  // acceptor_ and sweep_
  tcp::acceptor acceptor_;
  asio::steady_timer sweep_;
  int port_ = 0;
  bool stopped_ = false;
  std::vector<std::jthread> threads_;
};

asio::awaitable<void> HttpServerImpl::Accept() {
  while (!core_->draining) {
    try {
      co_await AcceptUntilStopped();
    } catch (const std::exception& failure) {  // the next client is not to suffer for the last
      LOG_ERROR("accept failed", "reason=\"{}\"", failure.what());
    }
  }
}

asio::awaitable<void> HttpServerImpl::AcceptUntilStopped() {
  while (!core_->draining) {
    auto [error, socket] = co_await acceptor_.async_accept(asio::make_strand(core_->io), kAwait);
    if (core_->draining || error == asio::error::operation_aborted) co_return;
    if (error) {
      LOG_WARN("accept failed", "reason={}", error.message());
      asio::steady_timer pause(core_->io, kAcceptPause);
      co_await pause.async_wait(kAwait);
      continue;
    }
    if (core_->stats.connections >= core_->options.connections_max) {
      ++core_->stats.connections_refused_total;
      constexpr std::string_view kRefusal =
          "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
      boost::system::error_code ignored;
      socket.non_blocking(true, ignored);
      socket.write_some(asio::buffer(kRefusal.data(), kRefusal.size()), ignored);
      continue;
    }
    const auto executor = socket.get_executor();
    auto connection = std::make_shared<Connection>(core_, std::move(socket));
    Connection* const running = connection.get();
    asio::co_spawn(executor, running->Run(), [connection = std::move(connection)](std::exception_ptr failure) {
      if (failure) LOG_ERROR("connection failed at its end");
    });
  }
}

asio::awaitable<void> HttpServerImpl::Sweep() {
  const int64_t shortest_ms = std::min(core_->options.idle_timeout_ms, core_->options.request_timeout_ms);
  const std::chrono::milliseconds interval(std::clamp<int64_t>(shortest_ms / 8, 10, 1'000));
  while (!core_->draining) {
    sweep_.expires_after(interval);
    co_await sweep_.async_wait(kAwait);
    LogExceptions("sweep of connections", [this] {
      ForEachConnection([now = SteadyNanos()](Connection& connection) { connection.CutIfExpired(now); });
    });
  }
}

template <typename Work>
void HttpServerImpl::ForEachConnection(Work work) {
  // Kept alive beyond the lock: the last reference must not go while it is held.
  std::vector<std::shared_ptr<Connection>> alive;
  {
    std::lock_guard lock(core_->mutex);
    alive.reserve(core_->connections.size());
    for (Connection* connection : core_->connections) {
      if (auto kept = connection->weak_from_this().lock()) alive.push_back(std::move(kept));
    }
  }
  for (const auto& connection : alive) work(*connection);
}

bool HttpServerImpl::WaitForConnections(std::chrono::milliseconds timeout) {
  std::unique_lock lock(core_->mutex);
  return core_->connection_ended.wait_for(lock, timeout, [this] { return core_->connections.empty(); });
}

void HttpServerImpl::Stop(int64_t drain_timeout_ms) {
  if (std::exchange(stopped_, true)) return;
  core_->draining = true;
  asio::post(strand_, [this] {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    sweep_.cancel();
  });
  ForEachConnection([](Connection& connection) { connection.CloseIfIdle(); });
  if (!WaitForConnections(std::chrono::milliseconds(drain_timeout_ms))) {
    LOG_WARN("cutting connections", "count={}", core_->stats.connections.load());
    ForEachConnection([](Connection& connection) { connection.Cut(); });
    if (!WaitForConnections(kCutWait)) LOG_WARN("connections still answering", "count={}", core_->stats.connections.load());
  }
  core_->stopped = true;
  work_.reset();
  core_->io.stop();
  threads_.clear();
}

}  // namespace

Status CheckTlsFiles(const std::string& certificate_file, const std::string& key_file) {
  return certificate_file.empty() ? Status::OK() : LoadTls(certificate_file, key_file).status();
}

Result<std::unique_ptr<HttpServer>> HttpServer::Start(HttpServerOptions options) {
  auto core = std::make_shared<ServerCore>(std::move(options));
  if (!core->options.tls_certificate_file.empty()) {
    ARROW_ASSIGN_OR_RAISE(core->tls, LoadTls(core->options.tls_certificate_file, core->options.tls_key_file));
  }
  ARROW_ASSIGN_OR_RAISE(tcp::acceptor acceptor, Listen(core->io, core->options.host, core->options.port));
  auto server = std::make_unique<HttpServerImpl>(std::move(core), std::move(acceptor));
  server->Begin();
  return server;
}

}  // namespace gigapi::http
