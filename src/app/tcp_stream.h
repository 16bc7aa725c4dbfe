// A plain connection.
#pragma once

#include <optional>
#include <string>

#include "app/byte_stream.h"

namespace gigapi {

class TcpStream final : public ByteStream {
 public:
  static Result<std::unique_ptr<TcpStream>> Open(const std::string& host, int port);
  ~TcpStream() override;
  TcpStream(const TcpStream&) = delete;
  TcpStream& operator=(const TcpStream&) = delete;

  Status Write(std::string_view bytes) override;
  Result<size_t> Read(char* out, size_t bytes_max) override;
  bool IsClosed() override;
  /// Reads what is there already; nullopt when nothing is.
  Result<std::optional<size_t>> ReadNow(char* out, size_t bytes_max);

 private:
  explicit TcpStream(int socket) : socket_(socket) {}

  const int socket_;
};

}  // namespace gigapi
