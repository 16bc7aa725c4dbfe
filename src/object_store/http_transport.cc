#include "object_store/http_transport.h"

#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/span_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <chrono>
#include <mutex>
#include <optional>
#include <utility>

#include "base/clock.h"

namespace gigapi {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using boost::system::system_error;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

constexpr size_t kPieceBytes = 64 << 10;

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& byte : lower) {
    if (byte >= 'A' && byte <= 'Z') byte = static_cast<char>(byte + ('a' - 'A'));
  }
  return lower;
}

/// The host as the resolver takes it.
std::string BareHost(const std::string& host) { return host.starts_with('[') ? host.substr(1, host.size() - 2) : host; }

/// One connection and the loop that runs it, on the thread that calls Run.
class Connection {
 public:
  Connection(const HttpEndpoint& endpoint, const HttpTransportOptions& options, asio::ssl::context* tls)
      : endpoint_(endpoint), options_(options) {
    if (tls != nullptr) tls_.emplace(loop_, *tls);
    else plain_.emplace(loop_);
    buffer_.reserve(kPieceBytes);
  }

  HttpOutcome Run(const HttpExchange& exchange) {
    HttpOutcome outcome;
    outcome.may_have_arrived = false;
    deadline_ =
        Clock::now() + std::chrono::milliseconds(options_.exchange_ms_max +
                                                 1'000 * static_cast<int64_t>(exchange.body.size() + exchange.into.size()) /
                                                     options_.bytes_per_second_min);
    std::exception_ptr failure;
    loop_.restart();
    asio::co_spawn(loop_, Talk(exchange, &outcome), [&](std::exception_ptr thrown) { failure = std::move(thrown); });
    loop_.run();
    usable_ = usable_ && failure == nullptr;
    if (failure) outcome.status = WhyFailed(failure);
    idle_since_ns_ = SteadyNanos();
    return outcome;
  }

  /// Whether it can take another request.
  bool usable() const { return usable_; }

  /// Whether it may still be open: it was not idle for long, and the other side has neither closed it nor sent anything.
  bool IsFresh() {
    if (SteadyNanos() - idle_since_ns_ > options_.idle_ms_max * kNanosPerMilli) return false;
    char byte;
    const ssize_t peeked = ::recv(Socket().socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return peeked < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  }

 private:
  using Clock = std::chrono::steady_clock;

  beast::tcp_stream& Socket() { return tls_ ? beast::get_lowest_layer(*tls_) : *plain_; }

  /// From now until the next operation is done.
  void Expect(int64_t ms_max) { Socket().expires_at(std::min(deadline_, Clock::now() + std::chrono::milliseconds(ms_max))); }

  Status WhyFailed(const std::exception_ptr& failure) const {
    std::string reason;
    try {
      std::rethrow_exception(failure);
    } catch (const system_error& error) {
      reason = error.code() == beast::error::timeout ? "it takes too long to answer" : error.code().message();
    } catch (const std::exception& error) {
      reason = error.what();
    }
    return Errorf(ErrorKind::kUnavailable, "no answer from {}:{}: {}", endpoint_.host, endpoint_.port, reason);
  }

  asio::awaitable<void> Talk(const HttpExchange& exchange, HttpOutcome* outcome) {
    if (!usable_) co_await Connect();
    outcome->may_have_arrived = true;
    if (tls_) co_await TalkOver(*tls_, exchange, outcome);
    else co_await TalkOver(*plain_, exchange, outcome);
  }

  asio::awaitable<void> Connect() {
    asio::ip::tcp::resolver resolver(loop_);
    const auto addresses = resolver.resolve(BareHost(endpoint_.host), std::to_string(endpoint_.port));
    Expect(options_.connect_ms_max);
    co_await Socket().async_connect(addresses, asio::use_awaitable);
    Socket().socket().set_option(asio::ip::tcp::no_delay(true));
    if (tls_) {
      error_code no_address;
      (void)asio::ip::make_address(BareHost(endpoint_.host), no_address);
      if (no_address) SSL_set_tlsext_host_name(tls_->native_handle(), endpoint_.host.c_str());
      tls_->set_verify_callback(asio::ssl::host_name_verification(BareHost(endpoint_.host)));
      Expect(options_.connect_ms_max);
      co_await tls_->async_handshake(asio::ssl::stream_base::client, asio::use_awaitable);
    }
    usable_ = true;
  }

  template <typename Stream>
  asio::awaitable<void> TalkOver(Stream& stream, const HttpExchange& exchange, HttpOutcome* outcome) {
    http::request<http::span_body<const char>> request;
    request.version(11);
    request.method_string(exchange.method);
    request.target(exchange.target);
    for (const auto& [name, value] : exchange.headers) request.set(name, value);
    request.body() = {exchange.body.data(), exchange.body.size()};
    if (!exchange.body.empty() || exchange.method == "PUT" || exchange.method == "POST") {
      request.content_length(exchange.body.size());
    }
    http::request_serializer<http::span_body<const char>> serializer(request);
    while (!serializer.is_done()) {
      Expect(options_.silence_ms_max);
      co_await http::async_write_some(stream, serializer, asio::use_awaitable);
    }

    http::response_parser<http::buffer_body> parser;
    parser.body_limit(std::max(kReplyLimit, static_cast<uint64_t>(exchange.into.size())));
    parser.skip(exchange.method == "HEAD");
    Expect(options_.silence_ms_max);
    co_await http::async_read_header(stream, buffer_, parser, asio::use_awaitable);
    HttpReply& reply = outcome->reply;
    reply.status = static_cast<int>(parser.get().result_int());
    for (const auto& field : parser.get()) reply.headers.emplace_back(LowerCase(field.name_string()), field.value());
    const bool into = !exchange.into.empty() && reply.status / 100 == 2;
    size_t body_bytes = 0;
    while (!parser.is_done()) {
      char spill = 0;  // what comes after all that was asked for
      auto& piece = parser.get().body();
      if (!into) {
        reply.body.resize(body_bytes + kPieceBytes);
        piece = {reply.body.data() + body_bytes, kPieceBytes, true};
      } else if (body_bytes < exchange.into.size()) {
        piece = {exchange.into.data() + body_bytes, exchange.into.size() - body_bytes, true};
      } else {
        piece = {&spill, 1, true};
      }
      const size_t room = piece.size;
      Expect(options_.silence_ms_max);
      error_code error;
      co_await http::async_read_some(stream, buffer_, parser, asio::redirect_error(asio::use_awaitable, error));
      if (error && error != http::error::need_buffer) throw system_error(error);
      body_bytes += room - piece.size;
      if (into && body_bytes > exchange.into.size()) throw std::runtime_error("it sent more than was asked for");
    }
    if (into) reply.into_bytes = body_bytes;
    else reply.body.resize(body_bytes);
    usable_ = parser.keep_alive() && buffer_.size() == 0;
  }

  static constexpr uint64_t kReplyLimit = HttpTransport::kReplyBytesMax;

  const HttpEndpoint& endpoint_;
  const HttpTransportOptions& options_;
  asio::io_context loop_{1};
  std::optional<beast::tcp_stream> plain_;
  std::optional<TlsStream> tls_;
  beast::flat_buffer buffer_;
  Clock::time_point deadline_;
  bool usable_ = false;  // connected, and between two exchanges
  int64_t idle_since_ns_ = 0;
};

class PooledTransport final : public HttpTransport {
 public:
  PooledTransport(HttpEndpoint endpoint, HttpTransportOptions options, std::unique_ptr<asio::ssl::context> tls)
      : endpoint_(std::move(endpoint)), options_(std::move(options)), tls_(std::move(tls)) {}

  HttpOutcome Exchange(const HttpExchange& exchange) override {
    std::unique_ptr<Connection> connection = TakeIdle();
    if (!connection) connection = std::make_unique<Connection>(endpoint_, options_, tls_.get());
    HttpOutcome outcome = connection->Run(exchange);
    if (connection->usable()) Keep(std::move(connection));
    return outcome;
  }

 private:
  /// The one that was used last, if it is fit to be used again.
  std::unique_ptr<Connection> TakeIdle() {
    while (true) {
      std::unique_ptr<Connection> connection;
      {
        const std::lock_guard lock(mutex_);
        if (idle_.empty()) return nullptr;
        connection = std::move(idle_.back());
        idle_.pop_back();
      }
      if (connection->IsFresh()) return connection;
    }
  }

  void Keep(std::unique_ptr<Connection> connection) {
    const std::lock_guard lock(mutex_);
    if (idle_.size() < options_.idle_connections_max) idle_.push_back(std::move(connection));
  }

  const HttpEndpoint endpoint_;
  const HttpTransportOptions options_;
  const std::unique_ptr<asio::ssl::context> tls_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_;
};

}  // namespace

std::string_view HttpReply::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

Result<std::unique_ptr<HttpTransport>> HttpTransport::Make(HttpEndpoint endpoint, HttpTransportOptions options) {
  std::unique_ptr<asio::ssl::context> tls;
  if (endpoint.secure) {
    tls = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client);
    error_code error;
    tls->set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1, error);
    tls->set_verify_mode(asio::ssl::verify_peer, error);
    tls->set_default_verify_paths(error);  // SSL_CERT_FILE and SSL_CERT_DIR are honoured
    if (!error && !options.authorities_file.empty()) tls->load_verify_file(options.authorities_file, error);
    if (error) return Errorf(ErrorKind::kUnavailable, "TLS cannot be set up: {}", error.message());
  }
  return std::make_unique<PooledTransport>(std::move(endpoint), std::move(options), std::move(tls));
}

}  // namespace gigapi
