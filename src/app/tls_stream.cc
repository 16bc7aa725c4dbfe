#include "app/tls_stream.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>

namespace gigapi {
namespace {

constexpr size_t kRecordBytes = 16 << 10;

std::string LastError() {
  char text[256] = "unknown error";
  if (const unsigned long code = ERR_get_error(); code != 0) ERR_error_string_n(code, text, sizeof(text));
  ERR_clear_error();
  return text;
}

Status Broken(std::string_view what) { return Errorf(ErrorKind::kUnavailable, "{}: {}", what, LastError()); }

bool IsIpAddress(const std::string& host) {
  unsigned char address[sizeof(in6_addr)];
  return inet_pton(AF_INET, host.c_str(), address) == 1 || inet_pton(AF_INET6, host.c_str(), address) == 1;
}

}  // namespace

Result<std::unique_ptr<TlsStream>> TlsStream::Open(std::unique_ptr<TcpStream> below, const std::string& host,
                                                   const TlsTrust& trust) {
  std::unique_ptr<TlsStream> stream(new TlsStream(std::move(below)));
  ARROW_RETURN_NOT_OK(stream->Begin(host, trust));
  ARROW_RETURN_NOT_OK(stream->Shake());
  return stream;
}

TlsStream::~TlsStream() {
  if (ssl_ != nullptr && SSL_is_init_finished(ssl_) == 1 && SSL_shutdown(ssl_) >= 0) (void)Flush();
  SSL_free(ssl_);
  SSL_CTX_free(context_);
  ERR_clear_error();
}

Status TlsStream::Begin(const std::string& host, const TlsTrust& trust) {
  context_ = SSL_CTX_new(TLS_client_method());
  if (context_ == nullptr) return Broken("TLS cannot be used");
  SSL_CTX_set_min_proto_version(context_, TLS1_2_VERSION);
  SSL_CTX_set_verify(context_, trust.any_peer ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  if (trust.ca_file.empty()) {
    SSL_CTX_set_default_verify_paths(context_);
  } else if (SSL_CTX_load_verify_file(context_, trust.ca_file.c_str()) != 1) {
    return Errorf(ErrorKind::kInvalidArgument, "{} is no file of certificates: {}", trust.ca_file, LastError());
  }
  ssl_ = SSL_new(context_);
  incoming_ = BIO_new(BIO_s_mem());
  outgoing_ = BIO_new(BIO_s_mem());
  if (ssl_ == nullptr || incoming_ == nullptr || outgoing_ == nullptr) return Broken("TLS cannot be used");
  SSL_set_bio(ssl_, incoming_, outgoing_);  // which frees them
  if (IsIpAddress(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_), host.c_str());
  } else {
    SSL_set_tlsext_host_name(ssl_, host.c_str());
    SSL_set1_host(ssl_, host.c_str());
  }
  SSL_set_connect_state(ssl_);
  return Status::OK();
}

Status TlsStream::Shake() {
  while (true) {
    ERR_clear_error();
    const int done = SSL_do_handshake(ssl_);
    const int reason = SSL_get_error(ssl_, done);
    ARROW_RETURN_NOT_OK(Flush());  // also the alert that says what was wrong
    if (done == 1) return Status::OK();
    if (const long verified = SSL_get_verify_result(ssl_); verified != X509_V_OK && reason == SSL_ERROR_SSL) {
      return Errorf(
          ErrorKind::kUnauthorized,
          "the server's certificate is not believed: {} (--ca-file names an authority, --insecure believes anybody)",
          X509_verify_cert_error_string(verified));
    }
    if (reason != SSL_ERROR_WANT_READ) return Broken("the server does not speak TLS here");
    ARROW_ASSIGN_OR_RAISE(const bool filled, Fill());
    if (!filled) return Error(ErrorKind::kUnavailable, "the server closed the connection before TLS began");
  }
}

Status TlsStream::Flush() {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(outgoing_, &bytes);
  if (size <= 0) return Status::OK();
  ARROW_RETURN_NOT_OK(below_->Write({bytes, static_cast<size_t>(size)}));
  BIO_reset(outgoing_);
  return Status::OK();
}

Result<bool> TlsStream::Fill() {
  char bytes[kRecordBytes];
  ARROW_ASSIGN_OR_RAISE(const size_t got, below_->Read(bytes, sizeof(bytes)));
  BIO_write(incoming_, bytes, static_cast<int>(got));
  return got > 0;
}

Status TlsStream::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const int piece = static_cast<int>(std::min(bytes.size(), kRecordBytes));
    ERR_clear_error();
    const int written = SSL_write(ssl_, bytes.data(), piece);  // memory takes all of it
    if (written <= 0) return Broken("sending failed");
    ARROW_RETURN_NOT_OK(Flush());
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return Status::OK();
}

Result<size_t> TlsStream::Read(char* out, size_t bytes_max) {
  while (true) {
    ERR_clear_error();
    const int got = SSL_read(ssl_, out, static_cast<int>(std::min<size_t>(bytes_max, 1 << 20)));
    if (got > 0) return static_cast<size_t>(got);
    const int reason = SSL_get_error(ssl_, got);
    if (reason == SSL_ERROR_ZERO_RETURN) return size_t{0};
    if (reason != SSL_ERROR_WANT_READ) return Broken("reading failed");
    ARROW_RETURN_NOT_OK(Flush());
    ARROW_ASSIGN_OR_RAISE(const bool filled, Fill());
    if (!filled) return Error(ErrorKind::kUnavailable, "the connection was cut");
  }
}

bool TlsStream::IsClosed() {
  char bytes[kRecordBytes];
  const auto got = below_->ReadNow(bytes, sizeof(bytes));
  if (!got.ok() || *got == size_t{0}) return true;
  if (!*got) return false;
  BIO_write(incoming_, bytes, static_cast<int>(**got));
  ERR_clear_error();
  char next = 0;
  const int peeked = SSL_peek(ssl_, &next, 1);
  return peeked <= 0 && SSL_get_error(ssl_, peeked) != SSL_ERROR_WANT_READ;
}

Result<std::unique_ptr<ByteStream>> Connect(const HttpAddress& address) {
  ARROW_ASSIGN_OR_RAISE(auto plain, TcpStream::Open(address.host, address.port));
  if (!address.tls) return plain;
  return TlsStream::Open(std::move(plain), address.host, address.trust);
}

}  // namespace gigapi
