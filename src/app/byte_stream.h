// A connection to a server: plain, or inside TLS. Blocking; one thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "app/http_address.h"
#include "base/error.h"

namespace gigapi {

class ByteStream {
 public:
  virtual ~ByteStream() = default;

  virtual Status Write(std::string_view bytes) = 0;
  /// Waits for bytes and reads some; 0 when the server has closed.
  virtual Result<size_t> Read(char* out, size_t bytes_max) = 0;
  /// Whether the server has closed a connection that nobody uses. Does not wait.
  virtual bool IsClosed() = 0;
};

/// Connects, and shakes hands if the address says so. kUnavailable when nobody answers, kUnauthorized when the certificate
/// is not to be believed.
Result<std::unique_ptr<ByteStream>> Connect(const HttpAddress& address);

}  // namespace gigapi
