// Sends pieces of files to a server's import endpoint, one at a time, and tries again what the server had no room for.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "app/http_client.h"
#include "model/write_batch.h"

namespace gigapi {

struct ImportTarget {
  HttpAddress address;
  std::string database;
  std::string query;  // more parameters, encoded, each with the & before it
  int64_t retries_max = 20;
};

struct SentPiece {
  int64_t rows = 0;
  int64_t refused_rows = 0;
  std::vector<RefusedLine> refused;  // lines of the piece; the first 10,000 of them
};

/// One thread.
class ImportSender {
 public:
  explicit ImportSender(ImportTarget target) : target_(std::move(target)), client_(target_.address) {}

  /// Sends a body in a format by its short name. OK: its good rows are kept, whatever was refused. kUnavailable when the
  /// connection broke before the answer: nobody knows whether the rows are kept.
  Result<SentPiece> Send(std::string_view format, std::string_view parameters, std::string_view body);

 private:
  Status Pause(int attempt, int64_t retry_after_s) const;

  const ImportTarget target_;
  HttpClient client_;
};

}  // namespace gigapi
