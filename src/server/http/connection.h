// One TCP connection: reads requests, hands them out as exchanges, writes their answers. Included by http_server.cc alone,
// since it brings Asio along.
//
// All members are touched on the connection's strand only, except the atomic ones. Requests are taken one at a time: what a
// client sends ahead stays in the buffer until its turn.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/strand.hpp>

#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <unordered_set>

#include "server/http/body_pipe.h"
#include "server/http/buffer_pool.h"
#include "server/http/byte_budget.h"
#include "server/http/chunked_decoder.h"
#include "server/http/http_server.h"
#include "server/http/request_head.h"
#include "server/http/strand_event.h"
#include "server/http/stream_pipe.h"

namespace gigapi::http {

namespace asio = boost::asio;

class Connection;

/// A body or an answer moves at least this much in each request_timeout_ms.
inline constexpr size_t kProgressBytes = 256 << 10;

/// What all connections of a server share. Lives until the last exchange is gone.
struct ServerCore {
  explicit ServerCore(HttpServerOptions server_options)
      : options(std::move(server_options)), io(options.io_threads), budget(options.inflight_body_bytes_max) {}

  const HttpServerOptions options;
  asio::io_context io;
  ByteBudget budget;
  BufferPool buffers;
  HttpStats stats;
  std::optional<asio::ssl::context> tls;  // set before the first connection
  std::atomic<bool> draining{false};      // answers close their connections
  std::atomic<bool> stopped{false};       // no I/O thread is left

  std::mutex mutex;
  std::condition_variable connection_ended;
  std::unordered_set<Connection*> connections;  // running; each removes itself
};

/// {"error": text}
Response PlainError(int status, std::string_view text);

/// To a request that the process has no memory for now.
Response NoMemory();

/// An answer on its way to the connection.
struct Answer {
  Response response;
  StreamPipeConsumer stream;  // where the body comes from, instead of response.body
};

class Connection final : public std::enable_shared_from_this<Connection> {
 public:
  using Socket = asio::basic_stream_socket<asio::ip::tcp, asio::strand<asio::io_context::executor_type>>;

  Connection(std::shared_ptr<ServerCore> core, Socket socket);
  ~Connection();

  /// Serves until the client or the server ends the connection. Called once.
  asio::awaitable<void> Run();

  // From any thread:
  /// Cuts the connection if its deadline has passed.
  void CutIfExpired(int64_t now_ns);
  void Cut();
  /// Ends the connection now if it is between requests; else its next answer does.
  void CloseIfIdle();

 private:
  friend class ConnectionExchange;

  /// What is left of a request when its exchange may be gone.
  struct Served {
    Answered answered;
    int64_t start_ns = 0;
    bool http_1_1 = true;
    bool keep_alive = false;
  };
  enum class BodyResult {
    kRead,
    kRefused,
    kLost
  };
  /// A request's bytes, and their place in the budget.
  struct Body {
    PodVector<char> bytes;
    ByteBudget::Share share;
    std::shared_ptr<BodyPipe> pipe;  // where the bytes come from, instead of `bytes`
  };
  /// How far a body that is handed on piece by piece has come.
  struct StreamedBody {
    size_t left = 0;  // when its length is known
    bool done = false;
    ChunkedDecoder decoder = {};  // else
    int64_t decoded_bytes = 0;
    Status failure = {};
  };

  // Coroutines take what they work on by pointer to a variable of their caller's: g++ 12 destroys aggregates that are made
  // within a co_await expression twice.

  // Bytes, through TLS where there is it.
  asio::awaitable<bool> Handshake();
  asio::awaitable<size_t> ReadInto(asio::mutable_buffer target);
  asio::awaitable<size_t> WriteFrom(std::array<asio::const_buffer, 3> parts);
  asio::awaitable<void> EndTls();
  /// Waits for the first byte of the next request without holding memory for it.
  asio::awaitable<void> AwaitRequest();

  // Reading. Each returns or says false when the connection is of no more use.
  asio::awaitable<bool> ReadSome();
  asio::awaitable<std::optional<size_t>> ReadHead();
  asio::awaitable<BodyResult> ReadBody(const RequestHead& head, Body* body, Answer* refusal);
  asio::awaitable<BodyResult> ReadWholeBody(const RequestHead& head, Body* body, Answer* refusal);
  asio::awaitable<bool> ReadSizedBody(size_t size, Body* body);
  asio::awaitable<BodyResult> ReadChunkedBody(Body* body, Answer* refusal);
  asio::awaitable<bool> Reserve(int64_t bytes, Body* body);
  asio::awaitable<bool> SkipBody(const RequestHead& head);
  static RequestHead FramingOf(const RequestHead& head);
  asio::awaitable<bool> AdmitStream(const RequestHead& head, Body* body, Answer* refusal);
  asio::awaitable<BodyResult> StreamBody(const RequestHead& framing, BodyPipe* pipe);
  asio::awaitable<BodyResult> StreamPieces(const RequestHead& framing, BodyPipe* pipe, StreamedBody* state);
  asio::awaitable<BodyResult> AwaitRoom(BodyPipe* pipe);
  asio::awaitable<BodyResult> FillSized(StreamedBody* state, PodVector<char>* piece);
  asio::awaitable<BodyResult> FillChunked(StreamedBody* state, PodVector<char>* piece);

  // Answering.
  asio::awaitable<void> Serve();
  asio::awaitable<bool> ServeOne(RequestHead* head);
  asio::awaitable<bool> ServeStreamed(RequestHead* head, const Handler& handler, Served* served);
  void CallHandler(const Handler& handler, const ExchangePtr& exchange);
  asio::awaitable<bool> AwaitAnswer();
  asio::awaitable<bool> Refuse(const RequestHead& head, Served* served, Answer* refusal);
  asio::awaitable<bool> WriteAnswer(Served* served, Answer* answer);
  asio::awaitable<bool> WriteStream(StreamPipe* stream, std::string* head_bytes, bool chunked, int64_t* body_bytes);
  asio::awaitable<void> WriteLast(Served* served, Answer* refusal);
  asio::awaitable<bool> WriteAll(std::array<asio::const_buffer, 3> parts);
  asio::awaitable<void> Linger();

  // Called by the exchange, on the strand.
  void TakeAnswer(uint64_t exchange_id, Answer answer);
  void TakeDisconnectCallback(uint64_t exchange_id, std::function<void()> callback);
  void WatchForDisconnect(uint64_t exchange_id);
  void FireDisconnect();
  void CutOnStrand();

  void SetDeadline(int64_t timeout_ms);
  void ClearDeadline() { deadline_ns_ = 0; }
  std::string_view buffered() const { return {in_.data() + in_begin_, in_.size() - in_begin_}; }
  void Consume(size_t bytes);

  const std::shared_ptr<ServerCore> core_;
  Socket socket_;
  std::unique_ptr<asio::ssl::stream<Socket&>> tls_;  // nullptr without TLS
  std::string remote_address_;
  StrandEvent wake_;
  PodVector<char> in_;  // what has been read and not consumed, from in_begin_ on
  size_t in_begin_ = 0;

  std::atomic<int64_t> deadline_ns_{0};  // steady time; 0: none
  bool cut_ = false;
  bool idle_ = true;
  bool streaming_body_ = false;
  uint64_t exchange_id_ = 0;  // of the request that is being answered
  std::optional<Answer> answer_;
  std::function<void()> on_disconnect_;
  bool client_gone_ = false;
};

}  // namespace gigapi::http
