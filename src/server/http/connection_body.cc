// How a connection reads a request's body: whole into memory, within the budget of all connections, or piece by piece for
// a handler that works on it meanwhile.
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>

#include "base/guarded.h"
#include "server/http/chunked_decoder.h"
#include "server/http/connection.h"

namespace gigapi::http {
namespace {

/// A body that nobody wants is read up to this size, so that the connection can be used again.
constexpr int64_t kSkippedBodyBytesMax = 256 << 10;

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

Response NoRoom() {
  Response response = PlainError(503, "too many request bodies at once");
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

}  // namespace

asio::awaitable<bool> Connection::Reserve(int64_t bytes, Body* body) {
  if (bytes <= 0) co_return true;
  // Shared with the callback, which may come when this coroutine has long gone on.
  auto granted = std::make_shared<std::atomic<bool>>(false);
  const auto self = shared_from_this();
  const ByteBudget::Ticket ticket = core_->budget.Acquire(bytes, [self, granted] {
    *granted = true;
    asio::post(self->socket_.get_executor(), [self] { self->wake_.Set(); });
  });
  if (ticket != ByteBudget::kGranted) {
    asio::steady_timer timer(socket_.get_executor(), std::chrono::milliseconds(core_->options.body_wait_ms_max));
    auto expired = std::make_shared<std::atomic<bool>>(false);
    timer.async_wait([self, expired](const boost::system::error_code& error) {
      if (error) return;
      *expired = true;
      self->wake_.Set();
    });
    while (!*granted && !*expired && !cut_) co_await wake_.Wait();
    if (!*granted && core_->budget.Cancel(ticket)) {
      ++core_->stats.bodies_refused_total;
      core_->stats.Count(Refusal::kNoRoom);
      co_return false;
    }
  }
  body->share.Add(&core_->budget, bytes);
  co_return true;
}

asio::awaitable<Connection::BodyResult> Connection::ReadBody(const RequestHead& head, Body* body, Answer* refusal) {
  try {
    co_return co_await ReadWholeBody(head, body, refusal);
  } catch (const std::bad_alloc&) {
    core_->stats.Count(Refusal::kNoRoom);
  }
  refusal->response = NoMemory();
  co_return BodyResult::kRefused;
}

asio::awaitable<Connection::BodyResult> Connection::ReadWholeBody(const RequestHead& head, Body* body, Answer* refusal) {
  if (head.content_length == 0 && !head.chunked) co_return BodyResult::kRead;
  if (head.content_length > core_->options.body_bytes_max) {
    refusal->response =
        PlainError(413, fmt::format("the request body is larger than {} bytes", core_->options.body_bytes_max));
    co_return BodyResult::kRefused;
  }
  const bool reserved = co_await Reserve(head.content_length, body);
  if (!reserved) {
    refusal->response = NoRoom();
    co_return BodyResult::kRefused;
  }
  if (head.expects_continue && buffered().empty()) {
    std::array<asio::const_buffer, 3> parts{asio::buffer(kContinue.data(), kContinue.size())};
    const bool sent = co_await WriteAll(parts);
    if (!sent) co_return BodyResult::kLost;
  }
  if (head.chunked) co_return co_await ReadChunkedBody(body, refusal);
  const bool read = co_await ReadSizedBody(static_cast<size_t>(head.content_length), body);
  co_return read ? BodyResult::kRead : BodyResult::kLost;
}

asio::awaitable<bool> Connection::ReadSizedBody(size_t size, Body* body) {
  body->bytes = core_->buffers.Take(size);
  const std::string_view first = buffered().substr(0, size);
  body->bytes.Append(first.data(), first.size());
  Consume(first.size());
  size_t filled = body->bytes.size();
  body->bytes.Resize(size);
  size_t window_begin = filled;
  SetDeadline(core_->options.request_timeout_ms);
  while (filled < size) {
    const asio::mutable_buffer target(body->bytes.data() + filled, size - filled);
    const size_t bytes = co_await ReadInto(target);
    if (bytes == 0) co_return false;
    filled += bytes;
    core_->stats.received_bytes_total += static_cast<int64_t>(bytes);
    if (filled - window_begin >= kProgressBytes) {
      window_begin = filled;
      SetDeadline(core_->options.request_timeout_ms);
    }
  }
  ClearDeadline();
  co_return true;
}

asio::awaitable<Connection::BodyResult> Connection::ReadChunkedBody(Body* body, Answer* refusal) {
  ChunkedDecoder decoder;
  body->bytes = core_->buffers.Take(kProgressBytes);
  size_t window_begin = 0;
  SetDeadline(core_->options.request_timeout_ms);
  while (true) {
    const Result<size_t> consumed = decoder.Decode(buffered(), core_->options.body_bytes_max, &body->bytes);
    if (!consumed.ok()) {
      const bool too_large = KindOf(consumed.status()) == ErrorKind::kTooLarge;
      if (!too_large) core_->stats.Count(Refusal::kMalformed);
      refusal->response = PlainError(too_large ? 413 : 400, consumed.status().message());
      co_return BodyResult::kRefused;
    }
    Consume(*consumed);
    if (decoder.done()) break;
    // The size is not known beforehand: room is asked for as the body grows.
    const int64_t missing = static_cast<int64_t>(body->bytes.capacity()) - body->share.bytes();
    const bool reserved = co_await Reserve(missing, body);
    if (!reserved) {
      refusal->response = NoRoom();
      co_return BodyResult::kRefused;
    }
    const bool read = co_await ReadSome();
    if (!read) co_return BodyResult::kLost;
    if (body->bytes.size() - window_begin >= kProgressBytes) {
      window_begin = body->bytes.size();
      SetDeadline(core_->options.request_timeout_ms);
    }
  }
  ClearDeadline();
  co_return BodyResult::kRead;
}

asio::awaitable<bool> Connection::SkipBody(const RequestHead& head) {
  if (head.chunked || head.expects_continue || head.content_length > kSkippedBodyBytesMax) co_return false;
  SetDeadline(core_->options.request_timeout_ms);
  auto left = static_cast<size_t>(head.content_length);
  while (true) {
    const size_t have = std::min(left, buffered().size());
    Consume(have);
    left -= have;
    if (left == 0) break;
    const bool read = co_await ReadSome();
    if (!read) co_return false;
  }
  ClearDeadline();
  co_return true;
}

// ---- Piece by piece ----

RequestHead Connection::FramingOf(const RequestHead& head) {
  RequestHead framing;
  framing.http_1_1 = head.http_1_1;
  framing.chunked = head.chunked;
  framing.expects_continue = head.expects_continue;
  framing.content_length = head.content_length;
  return framing;
}

asio::awaitable<bool> Connection::AdmitStream(const RequestHead& head, Body* body, Answer* refusal) {
  if (head.content_length > core_->options.streamed_body_bytes_max) {
    refusal->response =
        PlainError(413, fmt::format("the request body is larger than {} bytes", core_->options.streamed_body_bytes_max));
    co_return false;
  }
  const bool reserved = co_await Reserve(BodyPipe::kBytesMax, body);
  if (!reserved) {
    refusal->response = NoRoom();
    co_return false;
  }
  body->pipe = std::make_shared<BodyPipe>([self = shared_from_this()] {
    if (self->core_->stopped) return;
    asio::post(self->socket_.get_executor(), [self] { self->wake_.Set(); });
  });
  co_return true;
}

asio::awaitable<Connection::BodyResult> Connection::StreamBody(const RequestHead& framing, BodyPipe* pipe) {
  if (framing.expects_continue && buffered().empty()) {
    std::array<asio::const_buffer, 3> parts{asio::buffer(kContinue.data(), kContinue.size())};
    const bool sent = co_await WriteAll(parts);
    if (!sent) {
      pipe->Finish(Error(ErrorKind::kCancelled, "the client went away"));
      co_return BodyResult::kLost;
    }
  }
  streaming_body_ = true;
  StreamedBody state{.left = static_cast<size_t>(framing.content_length), .done = false};
  BodyResult result = BodyResult::kRefused;
  try {
    result = co_await StreamPieces(framing, pipe, &state);
  } catch (const std::bad_alloc&) {
    state.failure = OutOfMemory();  // who waits for the next piece is told
  }
  streaming_body_ = false;
  ClearDeadline();
  if (result == BodyResult::kLost) {
    state.failure = Error(ErrorKind::kCancelled, "the client went away before the end of the body");
    if (!cut_) core_->stats.Count(Refusal::kIncompleteBody);
  }
  pipe->Finish(std::move(state.failure));
  co_return result;
}

asio::awaitable<Connection::BodyResult> Connection::StreamPieces(const RequestHead& framing, BodyPipe* pipe,
                                                                 StreamedBody* state) {
  if (!framing.chunked && state->left == 0) state->done = true;
  BodyResult result = BodyResult::kRead;
  while (!state->done && result == BodyResult::kRead) {
    result = co_await AwaitRoom(pipe);
    if (result != BodyResult::kRead) break;
    PodVector<char> piece = pipe->TakeSpare();
    if (framing.chunked) result = co_await FillChunked(state, &piece);
    else result = co_await FillSized(state, &piece);
    if (!piece.empty()) pipe->Push(std::move(piece));
  }
  co_return result;
}

/// kRefused when the answer is there already.
asio::awaitable<Connection::BodyResult> Connection::AwaitRoom(BodyPipe* pipe) {
  ClearDeadline();  // it is the server that is behind
  while (!cut_ && !answer_ && !pipe->HasRoom()) co_await wake_.Wait();
  if (cut_) co_return BodyResult::kLost;
  co_return answer_ ? BodyResult::kRefused : BodyResult::kRead;
}

asio::awaitable<Connection::BodyResult> Connection::FillSized(StreamedBody* state, PodVector<char>* piece) {
  SetDeadline(core_->options.request_timeout_ms);
  const size_t size = std::min(state->left, BodyPipe::kPieceBytes);
  const std::string_view first = buffered().substr(0, size);
  piece->Append(first.data(), first.size());
  Consume(first.size());
  while (piece->size() < size) {
    const size_t filled = piece->size();
    piece->Resize(size);
    const asio::mutable_buffer target(piece->data() + filled, size - filled);
    const size_t bytes = co_await ReadInto(target);
    piece->Resize(filled + bytes);
    core_->stats.received_bytes_total += static_cast<int64_t>(bytes);
    if (answer_) co_return BodyResult::kRefused;
    if (bytes == 0) co_return BodyResult::kLost;
  }
  state->left -= size;
  state->done = state->left == 0;
  co_return BodyResult::kRead;
}

asio::awaitable<Connection::BodyResult> Connection::FillChunked(StreamedBody* state, PodVector<char>* piece) {
  SetDeadline(core_->options.request_timeout_ms);
  while (true) {
    const int64_t bytes_max = core_->options.streamed_body_bytes_max - state->decoded_bytes;
    const Result<size_t> consumed = state->decoder.Decode(buffered(), bytes_max, piece);
    if (!consumed.ok()) {
      if (KindOf(consumed.status()) != ErrorKind::kTooLarge) core_->stats.Count(Refusal::kMalformed);
      state->failure = KindOf(consumed.status()) != ErrorKind::kTooLarge
                           ? consumed.status()
                           : Errorf(ErrorKind::kTooLarge, "the request body is larger than {} bytes",
                                    core_->options.streamed_body_bytes_max);
      co_return BodyResult::kRefused;
    }
    Consume(*consumed);
    state->done = state->decoder.done();
    if (state->done || piece->size() >= BodyPipe::kPieceBytes) break;
    const bool read = co_await ReadSome();
    if (answer_) co_return BodyResult::kRefused;
    if (!read) co_return BodyResult::kLost;
  }
  state->decoded_bytes += static_cast<int64_t>(piece->size());
  co_return BodyResult::kRead;
}

}  // namespace gigapi::http
