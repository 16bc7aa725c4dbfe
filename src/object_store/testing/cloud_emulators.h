// Servers that speak the protocols of GCS and of Azure's blobs, as long as the test that started them: on a free port of the
// loopback address, with what they hold in memory.
#pragma once

#include <memory>
#include <string>

#include "object_store/open_store.h"
#include "object_store/testing/server_process.h"

namespace gigapi {

class CloudEmulator {
 public:
  /// fake-gcs-server and Azurite, which scripts/bootstrap-emulators makes; kUnavailable where they are not. They are looked
  /// for in GIGAPI_FAKE_GCS and GIGAPI_AZURITE, then under `source_directory`.
  static Result<std::unique_ptr<CloudEmulator>> StartGcs(const std::string& source_directory);
  static Result<std::unique_ptr<CloudEmulator>> StartAzure(const std::string& source_directory);
  ~CloudEmulator();

  /// The address of a bucket, or a container, and a prefix; only kBucket is there.
  std::string Url(const std::string& bucket, const std::string& prefix) const;
  const StoreCredentials& credentials() const { return credentials_; }
  /// A store of a prefix of its own in kBucket.
  Result<std::unique_ptr<ObjectStore>> MakeStore() const;
  /// Nobody listens any more.
  void Kill() { process_.Kill(); }

  static constexpr const char* kBucket = "lake";

 private:
  CloudEmulator();
  Status AwaitAnswer();

  const int port_;
  const std::string directory_;
  std::string scheme_;
  std::string account_;  // as an address has it
  StoreCredentials credentials_;
  ServerProcess process_;
};

}  // namespace gigapi
