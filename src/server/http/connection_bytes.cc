// How a connection's bytes come and go: plain or through TLS, with deadlines.
#include <sys/socket.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "server/http/connection.h"

namespace gigapi::http {
namespace {

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr size_t kReadBytes = 16 << 10;
/// For the client's part of the end of TLS.
constexpr int64_t kTlsEndMs = 1'000;

}  // namespace

asio::awaitable<bool> Connection::Handshake() {
  idle_ = false;
  SetDeadline(core_->options.request_timeout_ms);
  const auto [error] = co_await tls_->async_handshake(asio::ssl::stream_base::server, kAwait);
  if (!error) co_return true;
  core_->stats.Count(Refusal::kTls);
  tls_.reset();  // nothing to end
  co_return false;
}

/// Tells the client that the end is no cut, and does not wait long for it to say the same.
asio::awaitable<void> Connection::EndTls() {
  if (tls_ == nullptr || cut_) co_return;
  idle_ = true;
  SetDeadline(kTlsEndMs);
  co_await tls_->async_shutdown(kAwait);
}

/// 0 at the end, and after a failure.
asio::awaitable<size_t> Connection::ReadInto(asio::mutable_buffer target) {
  if (tls_ != nullptr) {
    const auto [error, bytes] = co_await tls_->async_read_some(target, kAwait);
    co_return error ? 0 : bytes;
  }
  const auto [error, bytes] = co_await socket_.async_read_some(target, kAwait);
  co_return error ? 0 : bytes;
}

asio::awaitable<size_t> Connection::WriteFrom(std::array<asio::const_buffer, 3> parts) {
  if (tls_ != nullptr) {
    // TLS takes one buffer at a time.
    const auto part =
        std::find_if(parts.begin(), parts.end(), [](const asio::const_buffer& buffer) { return buffer.size() > 0; });
    const auto [error, bytes] = co_await tls_->async_write_some(asio::buffer(*part), kAwait);
    co_return error ? 0 : bytes;
  }
  const auto [error, bytes] = co_await socket_.async_write_some(parts, kAwait);
  co_return error ? 0 : bytes;
}

asio::awaitable<void> Connection::AwaitRequest() {
  if (tls_ != nullptr) co_return;  // what TLS has decrypted already would not be seen
  char next = 0;
  if (::recv(socket_.native_handle(), &next, 1, MSG_PEEK | MSG_DONTWAIT) >= 0) co_return;
  if (errno != EAGAIN && errno != EWOULDBLOCK) co_return;
  in_ = {};
  in_begin_ = 0;
  co_await socket_.async_wait(Socket::wait_read, kAwait);
}

asio::awaitable<bool> Connection::ReadSome() {
  if (in_begin_ > 0) {  // the rest is the start of a request: small
    std::memmove(in_.data(), in_.data() + in_begin_, in_.size() - in_begin_);
    in_.Resize(in_.size() - in_begin_);
    in_begin_ = 0;
  }
  const size_t old_size = in_.size();
  in_.Resize(old_size + kReadBytes);
  const asio::mutable_buffer target(in_.data() + old_size, kReadBytes);
  const size_t bytes = co_await ReadInto(target);
  in_.Resize(old_size + bytes);
  core_->stats.received_bytes_total += static_cast<int64_t>(bytes);
  co_return bytes > 0;
}

asio::awaitable<bool> Connection::WriteAll(std::array<asio::const_buffer, 3> parts) {
  size_t left = asio::buffer_size(parts);
  size_t in_window = 0;
  SetDeadline(core_->options.request_timeout_ms);
  while (left > 0) {
    const size_t bytes = co_await WriteFrom(parts);
    if (bytes == 0 || cut_) {
      FireDisconnect();
      co_return false;
    }
    core_->stats.sent_bytes_total += static_cast<int64_t>(bytes);
    left -= bytes;
    size_t taken = bytes;
    for (asio::const_buffer& part : parts) {
      const size_t from_part = std::min(taken, part.size());
      part += from_part;
      taken -= from_part;
    }
    in_window += bytes;
    if (in_window >= kProgressBytes) {
      in_window = 0;
      SetDeadline(core_->options.request_timeout_ms);
    }
  }
  ClearDeadline();
  co_return true;
}

}  // namespace gigapi::http
