// A file, or standard input, as a body is read.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/pod_vector.h"
#include "server/http/http.h"

namespace gigapi {

/// One thread.
class FileReader final : public http::BodyReader {
 public:
  /// "-" is standard input.
  static Result<std::unique_ptr<FileReader>> Open(const std::string& path);
  ~FileReader() override;
  FileReader(const FileReader&) = delete;
  FileReader& operator=(const FileReader&) = delete;

  Result<std::string_view> Next() override;
  int64_t bytes_read() const { return bytes_read_; }

 private:
  FileReader(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)), buffer_(kReadBytes) {}
  static constexpr size_t kReadBytes = 256 << 10;

  const int descriptor_;
  const std::string path_;
  PodVector<char> buffer_;
  int64_t bytes_read_ = 0;
};

}  // namespace gigapi
