// A connection inside TLS, whose server has shown a certificate that is believed.
#pragma once

#include <openssl/types.h>

#include <string>

#include "app/tcp_stream.h"

namespace gigapi {

class TlsStream final : public ByteStream {
 public:
  /// Shakes hands. `host` is whom the certificate must name.
  static Result<std::unique_ptr<TlsStream>> Open(std::unique_ptr<TcpStream> below, const std::string& host,
                                                 const TlsTrust& trust);
  ~TlsStream() override;
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  Status Write(std::string_view bytes) override;
  Result<size_t> Read(char* out, size_t bytes_max) override;
  bool IsClosed() override;

 private:
  explicit TlsStream(std::unique_ptr<TcpStream> below) : below_(std::move(below)) {}

  Status Begin(const std::string& host, const TlsTrust& trust);
  Status Shake();
  /// Sends what OpenSSL has made.
  Status Flush();
  /// Waits for bytes for OpenSSL; false when the server has closed.
  Result<bool> Fill();

  const std::unique_ptr<TcpStream> below_;
  SSL_CTX* context_ = nullptr;
  SSL* ssl_ = nullptr;       // reads and writes memory, so that sockets stay ours
  BIO* incoming_ = nullptr;  // of ssl_
  BIO* outgoing_ = nullptr;
};

}  // namespace gigapi
