// A TCP connection as a stream of bytes, plain or over TLS, whose every wait has a deadline and can be cancelled. Used by
// one thread at a time. Failures are kUnavailable, and kCancelled once cancelled; after one only destruction may follow.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "object_store/redis/cancellation.h"

struct ssl_ctx_st;  // of OpenSSL
struct ssl_st;

namespace gigapi {

struct TlsFiles {
  std::string authorities_file = {};  // PEM files, as RedisUrl has them
  std::string certificate_file = {};
  std::string key_file = {};
};

/// What connections over TLS share. Thread-safe.
class TlsContext {
 public:
  /// The certificate of the other side must be of an authority that the machine trusts, or of one of the file.
  static Result<std::shared_ptr<TlsContext>> Make(const TlsFiles& files);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  ssl_ctx_st* get() const { return context_; }

 private:
  explicit TlsContext(ssl_ctx_st* context) : context_(context) {}
  ssl_ctx_st* const context_;
};

class SocketStream {
 public:
  /// `host` is a name or an address, IPv6 in brackets. `tls` may be null: plain; the certificate must be for the host.
  /// Looking up the name is up to the machine's resolver: deadline and cancellation hold afterwards. `cancellation` must
  /// outlive the stream.
  static Result<std::unique_ptr<SocketStream>> Connect(const std::string& host, uint16_t port, const TlsContext* tls,
                                                       int64_t deadline_ns, const Cancellation* cancellation);
  ~SocketStream();
  SocketStream(const SocketStream&) = delete;
  SocketStream& operator=(const SocketStream&) = delete;

  Status Write(std::string_view bytes, int64_t deadline_ns);
  /// At least one byte.
  Result<size_t> Read(char* out, size_t size, int64_t deadline_ns);
  /// Whether there is something to read, or the other side has closed, before the deadline.
  Result<bool> AwaitReadable(int64_t deadline_ns);
  /// Whether it may still be open, and nothing has come that nobody asked for.
  bool IsQuiet() const;

 private:
  SocketStream(int socket, const Cancellation* cancellation) : socket_(socket), cancellation_(cancellation) {}
  static Result<int> OpenSocket(const std::string& host, uint16_t port, int64_t deadline_ns,
                                const Cancellation* cancellation);
  Status Handshake(const std::string& host, const TlsContext& tls, int64_t deadline_ns);
  Status SendRaw(std::string_view bytes, int64_t deadline_ns);
  Result<size_t> ReceiveRaw(char* out, size_t size, int64_t deadline_ns);
  /// What TLS wants to send, and the bytes that it waits for.
  Status FlushTls(int64_t deadline_ns);
  Status FeedTls(int64_t deadline_ns);

  const int socket_;
  const Cancellation* const cancellation_;
  ssl_st* tls_ = nullptr;  // talks to two buffers in memory: the bytes are sent and received here
};

}  // namespace gigapi
