#include "object_store/redis/socket_stream.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "base/clock.h"

namespace gigapi {
namespace {

constexpr size_t kPieceBytes = 64 << 10;

Status Unavailable(const std::string& why) { return Error(ErrorKind::kUnavailable, why); }
Status SystemFailure(int code) { return Unavailable(std::system_category().message(code)); }

/// What OpenSSL says last, of this thread.
std::string TlsReason() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "TLS failed" : std::string("TLS: ") + reason;
}

std::string BareHost(const std::string& host) { return host.starts_with('[') ? host.substr(1, host.size() - 2) : host; }

bool IsIpAddress(const std::string& host) {
  in6_addr address;
  return ::inet_pton(AF_INET, host.c_str(), &address) == 1 || ::inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

/// Whether the socket got ready before the deadline.
Result<bool> AwaitSocket(int socket, int16_t events, int64_t deadline_ns, const Cancellation* cancellation) {
  while (true) {
    if (cancellation->cancelled()) return Error(ErrorKind::kCancelled, "the connection was given up");
    pollfd waits[] = {{.fd = socket, .events = events, .revents = 0},
                      {.fd = cancellation->event(), .events = POLLIN, .revents = 0}};
    const int64_t left_ns = std::max<int64_t>(deadline_ns - SteadyNanos(), 0);
    const int64_t left_ms = std::min<int64_t>((left_ns + kNanosPerMilli - 1) / kNanosPerMilli, 3'600'000);
    const int ready = ::poll(waits, 2, static_cast<int>(left_ms));
    if (ready < 0 && errno != EINTR) return SystemFailure(errno);
    if (ready > 0 && waits[0].revents != 0) return true;
    if (ready == 0 && SteadyNanos() >= deadline_ns) return false;
  }
}

Status AwaitOrFail(int socket, int16_t events, int64_t deadline_ns, const Cancellation* cancellation) {
  ARROW_ASSIGN_OR_RAISE(const bool ready, AwaitSocket(socket, events, deadline_ns, cancellation));
  return ready ? Status::OK() : Unavailable("it takes too long to answer");
}

void SetOptions(int socket) {
  const int on = 1;
  (void)::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  (void)::setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
  const int idle_s = 15, interval_s = 5, probes = 3;
  (void)::setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
  (void)::setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof(interval_s));
  (void)::setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
}

Result<int> OpenTo(const addrinfo& address, int64_t deadline_ns, const Cancellation* cancellation) {
  const int socket = ::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket < 0) return SystemFailure(errno);
  Status failure;
  if (::connect(socket, address.ai_addr, address.ai_addrlen) != 0) {
    int code = errno;
    if (code == EINPROGRESS) {
      failure = AwaitOrFail(socket, POLLOUT, deadline_ns, cancellation);
      socklen_t size = sizeof(code);
      if (::getsockopt(socket, SOL_SOCKET, SO_ERROR, &code, &size) != 0) code = errno;
    }
    if (failure.ok() && code != 0) failure = SystemFailure(code);
  }
  if (failure.ok()) return socket;
  ::close(socket);
  return failure;
}

}  // namespace

Result<std::shared_ptr<TlsContext>> TlsContext::Make(const TlsFiles& files) {
  ERR_clear_error();
  ssl_ctx_st* const context = SSL_CTX_new(TLS_client_method());
  if (context == nullptr) return Unavailable(TlsReason());
  auto made = std::shared_ptr<TlsContext>(new TlsContext(context));
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_default_verify_paths(context);  // SSL_CERT_FILE and SSL_CERT_DIR are honoured
  const auto refuse = [](const std::string& what) { return Error(ErrorKind::kInvalidArgument, what + ": " + TlsReason()); };
  if (!files.authorities_file.empty() && SSL_CTX_load_verify_file(context, files.authorities_file.c_str()) != 1) {
    return refuse("the file of authorities cannot be read");
  }
  if (!files.certificate_file.empty()) {
    if (SSL_CTX_use_certificate_chain_file(context, files.certificate_file.c_str()) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, files.key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1) {
      return refuse("the files of certificate and key cannot be used");
    }
  }
  return made;
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

Result<std::unique_ptr<SocketStream>> SocketStream::Connect(const std::string& host, uint16_t port, const TlsContext* tls,
                                                            int64_t deadline_ns, const Cancellation* cancellation) {
  ARROW_ASSIGN_OR_RAISE(const int socket, OpenSocket(BareHost(host), port, deadline_ns, cancellation));
  std::unique_ptr<SocketStream> stream(new SocketStream(socket, cancellation));
  SetOptions(socket);
  if (tls != nullptr) ARROW_RETURN_NOT_OK(stream->Handshake(BareHost(host), *tls, deadline_ns));
  return stream;
}

SocketStream::~SocketStream() {
  SSL_free(tls_);
  ::close(socket_);
}

Result<int> SocketStream::OpenSocket(const std::string& host, uint16_t port, int64_t deadline_ns,
                                     const Cancellation* cancellation) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (failed != 0) return Unavailable(std::string("the name of the host is not known: ") + ::gai_strerror(failed));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, &::freeaddrinfo);
  Status failure = Unavailable("the host has no address");
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    auto socket = OpenTo(*address, deadline_ns, cancellation);
    if (socket.ok()) return socket;
    failure = socket.status();
  }
  return failure;
}

Status SocketStream::Handshake(const std::string& host, const TlsContext& tls, int64_t deadline_ns) {
  ERR_clear_error();
  tls_ = SSL_new(tls.get());
  if (tls_ == nullptr) return Unavailable(TlsReason());
  SSL_set_bio(tls_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  SSL_set_connect_state(tls_);
  bool is_checked = false;
  if (IsIpAddress(host)) {
    is_checked = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls_), host.c_str()) == 1;
  } else {
    is_checked = SSL_set1_host(tls_, host.c_str()) == 1 && SSL_set_tlsext_host_name(tls_, host.c_str()) == 1;
  }
  if (!is_checked) return Unavailable(TlsReason());
  while (true) {
    ERR_clear_error();
    const int done = SSL_do_handshake(tls_);
    const int error = done == 1 ? SSL_ERROR_NONE : SSL_get_error(tls_, done);
    const std::string reason = done == 1 ? "" : TlsReason();
    const Status flushed = FlushTls(deadline_ns);  // also of what says why it failed
    if (error != SSL_ERROR_NONE && error != SSL_ERROR_WANT_READ) return Unavailable(reason);
    ARROW_RETURN_NOT_OK(flushed);
    if (error == SSL_ERROR_NONE) return Status::OK();
    ARROW_RETURN_NOT_OK(FeedTls(deadline_ns));
  }
}

Status SocketStream::SendRaw(std::string_view bytes, int64_t deadline_ns) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      ARROW_RETURN_NOT_OK(AwaitOrFail(socket_, POLLOUT, deadline_ns, cancellation_));
    } else if (errno != EINTR) {
      return SystemFailure(errno);
    }
  }
  return Status::OK();
}

Result<size_t> SocketStream::ReceiveRaw(char* out, size_t size, int64_t deadline_ns) {
  while (true) {
    const ssize_t received = ::recv(socket_, out, size, 0);
    if (received > 0) return static_cast<size_t>(received);
    if (received == 0) return Unavailable("it has closed the connection");
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      ARROW_RETURN_NOT_OK(AwaitOrFail(socket_, POLLIN, deadline_ns, cancellation_));
    } else if (errno != EINTR) {
      return SystemFailure(errno);
    }
  }
}

Status SocketStream::FlushTls(int64_t deadline_ns) {
  char piece[kPieceBytes];
  while (true) {
    const int size = BIO_read(SSL_get_wbio(tls_), piece, sizeof(piece));
    if (size <= 0) return Status::OK();
    ARROW_RETURN_NOT_OK(SendRaw({piece, static_cast<size_t>(size)}, deadline_ns));
  }
}

Status SocketStream::FeedTls(int64_t deadline_ns) {
  char piece[kPieceBytes];
  ARROW_ASSIGN_OR_RAISE(const size_t size, ReceiveRaw(piece, sizeof(piece), deadline_ns));
  BIO_write(SSL_get_rbio(tls_), piece, static_cast<int>(size));
  return Status::OK();
}

Status SocketStream::Write(std::string_view bytes, int64_t deadline_ns) {
  if (tls_ == nullptr) return SendRaw(bytes, deadline_ns);
  while (!bytes.empty()) {
    ERR_clear_error();
    const int written = SSL_write(tls_, bytes.data(), static_cast<int>(std::min(bytes.size(), kPieceBytes)));
    if (written > 0) {
      bytes.remove_prefix(static_cast<size_t>(written));
    } else if (SSL_get_error(tls_, written) == SSL_ERROR_WANT_READ) {
      ARROW_RETURN_NOT_OK(FlushTls(deadline_ns));
      ARROW_RETURN_NOT_OK(FeedTls(deadline_ns));
    } else {
      return Unavailable(TlsReason());
    }
    ARROW_RETURN_NOT_OK(FlushTls(deadline_ns));
  }
  return Status::OK();
}

Result<size_t> SocketStream::Read(char* out, size_t size, int64_t deadline_ns) {
  if (tls_ == nullptr) return ReceiveRaw(out, size, deadline_ns);
  while (true) {
    ERR_clear_error();
    const int read = SSL_read(tls_, out, static_cast<int>(std::min(size, kPieceBytes)));
    if (read > 0) return static_cast<size_t>(read);
    const int error = SSL_get_error(tls_, read);
    if (error == SSL_ERROR_ZERO_RETURN) return Unavailable("it has closed the connection");
    if (error != SSL_ERROR_WANT_READ) return Unavailable(TlsReason());
    ARROW_RETURN_NOT_OK(FlushTls(deadline_ns));
    ARROW_RETURN_NOT_OK(FeedTls(deadline_ns));
  }
}

Result<bool> SocketStream::AwaitReadable(int64_t deadline_ns) {
  if (tls_ != nullptr && (SSL_pending(tls_) > 0 || BIO_pending(SSL_get_rbio(tls_)) > 0)) return true;
  return AwaitSocket(socket_, POLLIN, deadline_ns, cancellation_);
}

bool SocketStream::IsQuiet() const {
  // Over TLS 1.3 a session ticket may lie there unread, so that only a closed connection can be told.
  char byte;
  const ssize_t peeked = ::recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (peeked > 0) return tls_ != nullptr;
  return peeked < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace gigapi
