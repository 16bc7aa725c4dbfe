// A MinIO that lives as long as the test that started it: on a free port of the loopback address, in a folder that goes
// with it.
#pragma once

#include <memory>
#include <string>

#include "object_store/object_store.h"
#include "object_store/testing/server_process.h"

namespace gigapi {

class MinioServer {
 public:
  static constexpr const char* kAccessKey = "minio-test-key";
  static constexpr const char* kSecretKey = "minio-test-secret";

  /// kUnavailable when scripts/bootstrap could not make MinIO; the program is looked for in GIGAPI_MINIO, then under
  /// `source_directory`.
  static Result<std::unique_ptr<MinioServer>> Start(const std::string& source_directory);
  /// The same over TLS, with a certificate of its own: authorities_file().
  static Result<std::unique_ptr<MinioServer>> StartSecure(const std::string& source_directory);
  ~MinioServer();

  /// The address of a bucket that is there, and a prefix.
  std::string Url(const std::string& prefix) const;
  /// A store of a prefix of its own.
  Result<std::unique_ptr<ObjectStore>> MakeStore() const;
  std::string authorities_file() const { return secure_ ? directory_ + "/certs/public.crt" : ""; }

 private:
  explicit MinioServer(bool secure);
  static Result<std::unique_ptr<MinioServer>> Run(std::unique_ptr<MinioServer> server, const std::string& source_directory);
  Status Launch(const std::string& program);
  Status MakeBucket();

  const bool secure_;
  int port_ = 0;
  std::string directory_;
  ServerProcess process_;
};

}  // namespace gigapi
