#include "server/http/connection.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/log.h"
#include "server/http/response_head.h"

namespace gigapi::http {
namespace {

/// Closing with unread bytes would reset the connection and take the answer from the client: they are read this long.
constexpr int64_t kLingerMs = 5'000;

}  // namespace

Response PlainError(int status, std::string_view text) {
  Response response;
  response.status = status;
  response.headers.emplace_back("Content-Type", "application/json");
  response.body = fmt::format("{{\"error\":\"{}\"}}\n", text);
  return response;
}

Response NoMemory() {
  Response response = PlainError(503, OutOfMemory().message());
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

// ---- The exchange ----

class ConnectionExchange final : public Exchange {
 public:
  ConnectionExchange(std::shared_ptr<Connection> connection, uint64_t id, Request request, Connection::Body body)
      : connection_(std::move(connection)), id_(id), request_(std::move(request)), body_(std::move(body)) {
    request_.body = {body_.bytes.data(), body_.bytes.size()};
  }

  ~ConnectionExchange() override {
    LogExceptions("end of a request", [this] {
      if (!answered_) Respond(PlainError(500, "the request was not answered"));
      connection_->core_->buffers.Give(std::move(body_.bytes));
    });
  }

  const Request& request() const override { return request_; }

  BodyReader* body_reader() override { return body_.pipe.get(); }

  void Respond(Response response) override {
    if (!answered_.exchange(true)) SendAnswer({std::move(response), nullptr});
  }

  void RespondStream(int status, Headers headers, std::unique_ptr<BodySource> body) override {
    if (!answered_.exchange(true)) SendStream(status, std::move(headers), std::move(body));
  }

  void OnDisconnect(std::function<void()> callback) override {
    OnStrand([connection = connection_, id = id_, callback = std::move(callback)]() mutable {
      connection->TakeDisconnectCallback(id, std::move(callback));
    });
  }

  void Defer(std::function<void()> work) override {
    if (connection_->core_->stopped) return;
    asio::post(connection_->socket_.get_executor(), [work = std::move(work)] { LogExceptions("deferred work", work); });
  }

 private:
  void SendAnswer(Answer answer) {
    OnStrand([connection = connection_, id = id_, answer = std::move(answer)]() mutable {
      connection->TakeAnswer(id, std::move(answer));
    });
  }

  void SendStream(int status, Headers headers, std::unique_ptr<BodySource> body);

  template <typename Work>
  void OnStrand(Work work) {
    if (connection_->core_->stopped) return;
    asio::dispatch(connection_->socket_.get_executor(), std::move(work));
  }

  const std::shared_ptr<Connection> connection_;
  const uint64_t id_;
  Request request_;
  Connection::Body body_;
  std::atomic<bool> answered_{false};
};

// ---- Life ----

Connection::Connection(std::shared_ptr<ServerCore> core, Socket socket)
    : core_(std::move(core)), socket_(std::move(socket)) {
  boost::system::error_code error;
  const auto endpoint = socket_.remote_endpoint(error);
  if (!error) remote_address_ = endpoint.address().to_string();
  socket_.set_option(asio::ip::tcp::no_delay(true), error);
  if (core_->tls) tls_ = std::make_unique<asio::ssl::stream<Socket&>>(socket_, *core_->tls);
  std::lock_guard lock(core_->mutex);
  core_->connections.insert(this);
  ++core_->stats.connections;
  ++core_->stats.connections_total;
}

Connection::~Connection() {
  std::lock_guard lock(core_->mutex);
  if (core_->connections.erase(this) > 0) --core_->stats.connections;
  core_->connection_ended.notify_all();
}

asio::awaitable<void> Connection::Run() {
  const auto self = shared_from_this();
  try {
    co_await Serve();
  } catch (const std::exception& failure) {
    LOG_ERROR("connection failed", "reason=\"{}\"", failure.what());
  }
  ++exchange_id_;  // whatever is still answered is for nobody
  FireDisconnect();
  co_await EndTls();
  boost::system::error_code ignored;
  socket_.close(ignored);
}

asio::awaitable<void> Connection::Serve() {
  bool go_on = tls_ == nullptr || co_await Handshake();
  while (go_on && !cut_) {
    idle_ = true;
    const std::optional<size_t> head_bytes = co_await ReadHead();
    if (!head_bytes) break;
    idle_ = false;
    ClearDeadline();
    Result<RequestHead> head = ParseRequestHead(buffered().substr(0, *head_bytes));
    Consume(*head_bytes);
    if (!head.ok()) {
      core_->stats.Count(Refusal::kMalformed);
      Served served;
      Answer refusal;
      refusal.response = PlainError(head.status().IsNotImplemented() ? 501 : 400, head.status().message());
      co_await WriteLast(&served, &refusal);
      break;
    }
    head->request.remote_address = remote_address_;
    go_on = co_await ServeOne(&*head);
  }
}

void Connection::CutIfExpired(int64_t now_ns) {
  const int64_t deadline = deadline_ns_;
  if (deadline == 0 || now_ns < deadline) return;
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    const int64_t current = self->deadline_ns_;
    if (current == 0 || current > SteadyNanos()) return;
    if (!self->idle_) self->core_->stats.Count(Refusal::kTimeout);
    self->CutOnStrand();
  });
}

void Connection::Cut() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] { self->CutOnStrand(); });
}

void Connection::CloseIfIdle() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    if (self->idle_) self->CutOnStrand();
  });
}

void Connection::CutOnStrand() {
  cut_ = true;
  boost::system::error_code ignored;
  socket_.close(ignored);
  FireDisconnect();
  wake_.Set();
}

void Connection::SetDeadline(int64_t timeout_ms) { deadline_ns_ = SteadyNanos() + timeout_ms * kNanosPerMilli; }

void Connection::Consume(size_t bytes) {
  in_begin_ += bytes;
  if (in_begin_ == in_.size()) {
    in_.Clear();
    in_begin_ = 0;
  }
}

// ---- Reading ----

asio::awaitable<std::optional<size_t>> Connection::ReadHead() {
  size_t searched = 0;
  bool begun = false;
  while (!cut_) {
    while (buffered().starts_with("\r\n")) Consume(2);  // some clients send it after a body
    const std::string_view bytes = buffered();
    const size_t from = searched > 3 ? searched - 3 : 0;
    if (const auto end = FindHeadEnd(bytes.substr(std::min(from, bytes.size())))) {
      if (static_cast<int64_t>(from + *end) <= core_->options.header_bytes_max) co_return from + *end;
    }
    searched = bytes.size();
    if (static_cast<int64_t>(bytes.size()) >= core_->options.header_bytes_max) {
      idle_ = false;
      Served served;
      Answer refusal;
      core_->stats.Count(Refusal::kHeaderTooLarge);
      refusal.response = PlainError(431, "the request's headers are too large");
      co_await WriteLast(&served, &refusal);
      co_return std::nullopt;
    }
    if (bytes.empty()) {
      if (core_->draining) co_return std::nullopt;
      SetDeadline(core_->options.idle_timeout_ms);
      co_await AwaitRequest();
      if (cut_) co_return std::nullopt;
    } else if (!begun) {
      begun = true;  // one deadline for the whole head: a byte now and then does not extend it
      idle_ = false;
      SetDeadline(core_->options.request_timeout_ms);
    }
    if (!co_await ReadSome()) co_return std::nullopt;
  }
  co_return std::nullopt;
}

// ---- Answering ----

asio::awaitable<bool> Connection::ServeOne(RequestHead* head) {
  Served served;
  served.start_ns = SteadyNanos();
  served.http_1_1 = head->http_1_1;
  served.keep_alive = head->keep_alive;
  served.answered.method = head->request.method;
  served.answered.path = head->request.path;
  Decision decision = core_->options.decide(&head->request);
  served.answered.route = head->request.route;
  Answer answer;
  if (decision.handler == nullptr) {
    answer.response = std::move(decision.refusal);
    co_return co_await Refuse(*head, &served, &answer);
  }
  if (decision.streams_body) co_return co_await ServeStreamed(head, *decision.handler, &served);

  Body body;
  const BodyResult result = co_await ReadBody(*head, &body, &answer);
  if (result != BodyResult::kRead) {
    core_->buffers.Give(std::move(body.bytes));
    body.share = {};
    if (result == BodyResult::kRefused) co_await WriteLast(&served, &answer);
    else if (!cut_) core_->stats.Count(Refusal::kIncompleteBody);
    co_return false;
  }

  answer_.reset();
  CallHandler(*decision.handler, std::make_shared<ConnectionExchange>(shared_from_this(), ++exchange_id_,
                                                                      std::move(head->request), std::move(body)));
  const bool answered = co_await AwaitAnswer();
  if (!answered) co_return false;
  answer = *std::move(answer_);
  answer_.reset();
  co_return co_await WriteAnswer(&served, &answer);
}

asio::awaitable<bool> Connection::ServeStreamed(RequestHead* head, const Handler& handler, Served* served) {
  Answer answer;
  Body body;
  const bool admitted = co_await AdmitStream(*head, &body, &answer);
  if (!admitted) {
    if (cut_) co_return false;
    co_await WriteLast(served, &answer);
    co_return false;
  }
  const RequestHead framing = FramingOf(*head);
  const std::shared_ptr<BodyPipe> pipe = body.pipe;
  answer_.reset();
  CallHandler(handler, std::make_shared<ConnectionExchange>(shared_from_this(), ++exchange_id_, std::move(head->request),
                                                            std::move(body)));
  const BodyResult result = co_await StreamBody(framing, pipe.get());
  if (result == BodyResult::kLost) co_return false;
  const bool answered = co_await AwaitAnswer();
  if (!answered) co_return false;
  answer = *std::move(answer_);
  answer_.reset();
  if (result == BodyResult::kRead) co_return co_await WriteAnswer(served, &answer);
  co_await WriteLast(served, &answer);
  co_return false;
}

void Connection::CallHandler(const Handler& handler, const ExchangePtr& exchange) {
  try {
    handler(exchange);  // one that is not kept answers 500 by itself
  } catch (const std::bad_alloc&) {
    exchange->Respond(NoMemory());
  } catch (const std::exception& failure) {
    LOG_ERROR("handler failed", "reason={}", failure.what());
  }
}

asio::awaitable<bool> Connection::AwaitAnswer() {
  while (!answer_ && !cut_) co_await wake_.Wait();
  co_return answer_.has_value() && !cut_;
}

asio::awaitable<bool> Connection::Refuse(const RequestHead& head, Served* served, Answer* refusal) {
  const bool skipped = co_await SkipBody(head);
  if (skipped) co_return co_await WriteAnswer(served, refusal);
  co_await WriteLast(served, refusal);
  co_return false;
}

asio::awaitable<void> Connection::WriteLast(Served* served, Answer* refusal) {
  served->keep_alive = false;
  co_await WriteAnswer(served, refusal);
  co_await Linger();
}

asio::awaitable<bool> Connection::WriteAnswer(Served* served, Answer* answer) {
  const int status = answer->response.status;
  if (status == 413) core_->stats.Count(Refusal::kBodyTooLarge);
  const bool head_only = served->answered.method == "HEAD" || status == 204 || status == 304;
  ResponseHead head;
  head.status = status;
  head.headers = &answer->response.headers;
  head.common_headers = &core_->options.common_headers;
  head.http_1_1 = served->http_1_1;
  head.content_length = static_cast<int64_t>(answer->response.body.size());
  if (status == 204 || status == 304) head.framing = BodyFraming::kNone;
  else if (answer->stream != nullptr) head.framing = served->http_1_1 ? BodyFraming::kChunked : BodyFraming::kClose;
  const bool keep_alive = served->keep_alive && !core_->draining && head.framing != BodyFraming::kClose;
  head.keep_alive = keep_alive;
  std::string head_bytes;
  AppendResponseHead(head, &head_bytes);

  bool written = false;
  if (answer->stream != nullptr && !head_only) {
    written = co_await WriteStream(answer->stream.get(), &head_bytes, head.framing == BodyFraming::kChunked,
                                   &served->answered.body_bytes);
  } else {
    std::array<asio::const_buffer, 3> parts{asio::buffer(head_bytes)};
    if (!head_only) {
      parts[1] = asio::buffer(answer->response.body);
      served->answered.body_bytes = static_cast<int64_t>(answer->response.body.size());
    }
    written = co_await WriteAll(parts);
  }
  on_disconnect_ = nullptr;
  if (core_->options.observe) {
    served->answered.status = status;
    served->answered.nanos = SteadyNanos() - served->start_ns;
    core_->options.observe(served->answered);
  }
  co_return written&& keep_alive;
}

asio::awaitable<bool> Connection::WriteStream(StreamPipe* stream, std::string* head_bytes, bool chunked,
                                              int64_t* body_bytes) {
  while (true) {
    std::optional<StreamPipe::Item> item = stream->Pop();
    if (!item) {
      // What there is goes out before the wait for more.
      if (!head_bytes->empty()) {
        std::array<asio::const_buffer, 3> parts{asio::buffer(*head_bytes)};
        const bool written = co_await WriteAll(parts);
        if (!written) co_return false;
        head_bytes->clear();
        continue;
      }
      if (cut_) co_return false;
      co_await wake_.Wait();
      continue;
    }
    if (item->end && !item->status.ok()) {
      LOG_WARN("answer broken off", "reason={}", item->status.message());
      co_return false;
    }
    // The bytes before the piece: the head if it is still to go, and the chunk's size.
    if (chunked) fmt::format_to(std::back_inserter(*head_bytes), "{:x}\r\n", item->piece.size());
    std::array<asio::const_buffer, 3> parts{asio::buffer(*head_bytes), asio::buffer(item->piece)};
    if (chunked) parts[2] = asio::const_buffer("\r\n", 2);
    const bool written = co_await WriteAll(parts);
    if (!written) co_return false;
    head_bytes->clear();
    *body_bytes += static_cast<int64_t>(item->piece.size());
    if (item->end) co_return true;
    stream->GiveSpare(std::move(item->piece));
  }
}

asio::awaitable<void> Connection::Linger() {
  if (tls_ == nullptr) {  // TLS has an end of its own, and needs the way to the client for it
    boost::system::error_code error;
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send, error);
    if (error) co_return;
  }
  idle_ = true;
  SetDeadline(kLingerMs);
  while (!cut_) {
    Consume(buffered().size());
    const bool read = co_await ReadSome();
    if (!read) break;
  }
}

// ---- From the exchange ----

void ConnectionExchange::SendStream(int status, Headers headers, std::unique_ptr<BodySource> body) {
  auto pipe = std::make_shared<StreamPipe>([connection = connection_] {
    if (connection->core_->stopped) return;
    asio::post(connection->socket_.get_executor(), [connection] { connection->wake_.Set(); });
  });
  StreamPipeConsumer consumer = ConsumerOf(pipe);
  // Copyable for the pool's std::function; still one owner at a time.
  auto source = std::make_shared<std::unique_ptr<BodySource>>(std::move(body));
  const bool accepted = connection_->core_->options.stream_pool->Continue([pipe, source] {
    while (true) {
      Result<std::string> piece = Guarded([&] { return (*source)->Next(pipe->TakeSpare()); });
      if (!piece.ok() || piece->empty()) {
        source->reset();  // what the query holds is free before the client has read the end
        return pipe->Finish(piece.status());
      }
      if (!pipe->Push(*std::move(piece))) break;
    }
    source->reset();
  });
  if (!accepted) return SendAnswer({PlainError(503, "too many queries at once"), nullptr});
  SendAnswer({Response{status, std::move(headers), {}}, std::move(consumer)});
}

void Connection::TakeAnswer(uint64_t exchange_id, Answer answer) {
  if (exchange_id != exchange_id_ || cut_) return;
  answer_ = std::move(answer);
  // An answer that does not wait for the rest of the body ends the reading of it.
  boost::system::error_code ignored;
  if (streaming_body_) socket_.cancel(ignored);
  wake_.Set();
}

void Connection::TakeDisconnectCallback(uint64_t exchange_id, std::function<void()> callback) {
  if (exchange_id != exchange_id_ || cut_ || client_gone_) {
    callback();
    return;
  }
  on_disconnect_ = std::move(callback);
  WatchForDisconnect(exchange_id);
}

void Connection::WatchForDisconnect(uint64_t exchange_id) {
  socket_.async_wait(Socket::wait_read, [self = shared_from_this(), exchange_id](const boost::system::error_code& error) {
    if (error || exchange_id != self->exchange_id_ || !self->on_disconnect_) return;
    char next = 0;
    const ssize_t peeked = ::recv(self->socket_.native_handle(), &next, 1, MSG_PEEK | MSG_DONTWAIT);
    if (peeked > 0) return;  // the next request, sent ahead: whoever does that cannot be watched
    if (peeked < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
      return self->WatchForDisconnect(exchange_id);
    self->FireDisconnect();
  });
}

void Connection::FireDisconnect() {
  client_gone_ = true;
  if (on_disconnect_) std::exchange(on_disconnect_, nullptr)();
}

}  // namespace gigapi::http
