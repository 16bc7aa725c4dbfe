#include "object_store/testing/cloud_emulators.h"

#include <arrow/filesystem/azurefs.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "base/clock.h"
#include "base/uuid.h"
#include "object_store/http_transport.h"
#include "object_store/store_url.h"

namespace gigapi {
namespace {

constexpr const char* kAccount = "testaccount";
constexpr const char* kAccountKey = "dGhlLWtleS1vZi10aGUtdGVzdC1hY2NvdW50";
constexpr int64_t kStartNanosMax = 60 * kNanosPerSecond;

Result<std::string> FindProgram(const char* variable, const std::string& usual) {
  const char* named = std::getenv(variable);
  std::string program = named != nullptr ? named : usual;
  if (::access(program.c_str(), R_OK) == 0) return program;
  return Errorf(ErrorKind::kUnavailable, "there is no {}: call scripts/bootstrap-emulators", program);
}

Status MakeContainer(int port) {
  arrow::fs::AzureOptions options;
  options.account_name = kAccount;
  options.blob_storage_authority = options.dfs_storage_authority = "127.0.0.1:" + std::to_string(port);
  options.blob_storage_scheme = options.dfs_storage_scheme = "http";
  ARROW_RETURN_NOT_OK(options.ConfigureAccountKeyCredential(kAccountKey));
  ARROW_ASSIGN_OR_RAISE(const auto file_system, arrow::fs::AzureFileSystem::Make(options));
  return file_system->CreateDir(CloudEmulator::kBucket, false);
}

}  // namespace

CloudEmulator::CloudEmulator()
    : port_(FreeLoopbackPort()), directory_(std::filesystem::temp_directory_path() / ("emulator." + NewUuid())) {
  // fake-gcs-server makes a bucket of each folder here.
  std::filesystem::create_directories(directory_ + "/" + kBucket);
}

CloudEmulator::~CloudEmulator() {
  process_.Kill();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

Result<std::unique_ptr<CloudEmulator>> CloudEmulator::StartGcs(const std::string& source_directory) {
  ARROW_ASSIGN_OR_RAISE(const std::string program,
                        FindProgram("GIGAPI_FAKE_GCS", source_directory + "/build/deps/fake-gcs-server/fake-gcs-server"));
  std::unique_ptr<CloudEmulator> emulator(new CloudEmulator);
  const std::string port = std::to_string(emulator->port_);
  ARROW_RETURN_NOT_OK(emulator->process_.Start(
      program, {"-scheme", "http", "-host", "127.0.0.1", "-port", port, "-public-host", "127.0.0.1:" + port, "-external-url",
                "http://127.0.0.1:" + port, "-backend", "memory", "-data", emulator->directory_, "-log-level", "error"}));
  ARROW_RETURN_NOT_OK(emulator->AwaitAnswer());
  emulator->scheme_ = "gs://";
  return emulator;
}

Result<std::unique_ptr<CloudEmulator>> CloudEmulator::StartAzure(const std::string& source_directory) {
  ARROW_ASSIGN_OR_RAISE(const std::string program,
                        FindProgram("GIGAPI_AZURITE", source_directory + "/build/deps/azurite/azurite"));
  std::unique_ptr<CloudEmulator> emulator(new CloudEmulator);
  ARROW_RETURN_NOT_OK(emulator->process_.Start(program,
                                               {"--blobPort", std::to_string(emulator->port_), "--inMemoryPersistence",
                                                "--disableTelemetry", "--skipApiVersionCheck", "--silent"},
                                               {std::string("AZURITE_ACCOUNTS=") + kAccount + ":" + kAccountKey}));
  ARROW_RETURN_NOT_OK(emulator->AwaitAnswer());
  ARROW_RETURN_NOT_OK(MakeContainer(emulator->port_));
  emulator->scheme_ = "abfs://";
  emulator->account_ = std::string("@") + kAccount;
  emulator->credentials_.auth_secret = kAccountKey;
  return emulator;
}

/// Any answer will do.
Status CloudEmulator::AwaitAnswer() {
  ARROW_ASSIGN_OR_RAISE(
      const auto transport,
      HttpTransport::Make({.host = "127.0.0.1", .port = static_cast<uint16_t>(port_), .secure = false}, {}));
  const int64_t deadline = SteadyNanos() + kStartNanosMax;
  while (true) {
    const Status answered =
        transport->Exchange({.method = "GET", .target = "/", .headers = {}, .body = {}, .into = {}}).status;
    if (answered.ok() || SteadyNanos() > deadline) return answered;
    if (!process_.IsRunning()) return Status::IOError("the emulator has ended");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

std::string CloudEmulator::Url(const std::string& bucket, const std::string& prefix) const {
  return scheme_ + bucket + account_ + "/" + prefix + "?endpoint=127.0.0.1:" + std::to_string(port_) + "&secure=false";
}

Result<std::unique_ptr<ObjectStore>> CloudEmulator::MakeStore() const {
  ARROW_ASSIGN_OR_RAISE(const StoreUrl url, ParseStoreUrl(Url(kBucket, "layers/" + NewUuid())));
  return OpenStore(url, credentials_, LocalFileSystem());
}

}  // namespace gigapi
