#include "object_store/testing/minio_server.h"

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "base/clock.h"
#include "base/uuid.h"
#include "object_store/s3_client.h"
#include "object_store/s3_store.h"

namespace gigapi {
namespace {

constexpr const char* kBucket = "lake";
constexpr int64_t kStartNanosMax = 60 * kNanosPerSecond;

}  // namespace

MinioServer::MinioServer(bool secure)
    : secure_(secure), directory_(std::filesystem::temp_directory_path() / ("minio." + NewUuid())) {
  std::filesystem::create_directories(directory_ + "/certs");
}

Result<std::unique_ptr<MinioServer>> MinioServer::Start(const std::string& source_directory) {
  return Run(std::unique_ptr<MinioServer>(new MinioServer(false)), source_directory);
}

Result<std::unique_ptr<MinioServer>> MinioServer::StartSecure(const std::string& source_directory) {
  std::unique_ptr<MinioServer> server(new MinioServer(true));
  ARROW_RETURN_NOT_OK(MakeLoopbackCertificate(server->directory_ + "/certs"));
  return Run(std::move(server), source_directory);
}

Result<std::unique_ptr<MinioServer>> MinioServer::Run(std::unique_ptr<MinioServer> server,
                                                      const std::string& source_directory) {
  const char* named = std::getenv("GIGAPI_MINIO");
  const std::string program = named != nullptr ? named : source_directory + "/build/deps/minio/minio";
  if (::access(program.c_str(), X_OK) != 0) {
    return Errorf(ErrorKind::kUnavailable, "there is no MinIO at {}: call scripts/bootstrap-minio", program);
  }
  ARROW_RETURN_NOT_OK(server->Launch(program));
  ARROW_RETURN_NOT_OK(server->MakeBucket());
  return server;
}

Status MinioServer::Launch(const std::string& program) {
  port_ = FreeLoopbackPort();
  return process_.Start(program,
                        {"server", "--quiet", "--certs-dir", directory_ + "/certs", "--address",
                         "127.0.0.1:" + std::to_string(port_), directory_ + "/data"},
                        {std::string("MINIO_ROOT_USER=") + kAccessKey, std::string("MINIO_ROOT_PASSWORD=") + kSecretKey,
                         "MINIO_BROWSER=off", "MINIO_UPDATE=off", "HOME=" + directory_});
}

/// It answers once it has started.
Status MinioServer::MakeBucket() {
  ARROW_ASSIGN_OR_RAISE(StoreUrl url, ParseStoreUrl(Url("")));
  ARROW_ASSIGN_OR_RAISE(auto transport, HttpTransport::Make(EndpointOf(url), {.authorities_file = authorities_file()}));
  S3Client client(url, std::move(transport), FixedCredentials({.access_key = kAccessKey, .secret_key = kSecretKey}),
                  {.attempts_max = 1});
  const int64_t deadline = SteadyNanos() + kStartNanosMax;
  while (true) {
    const Status made = client.Demand({.method = "PUT"}).status();
    if (made.ok() || KindOf(made) != ErrorKind::kUnavailable || SteadyNanos() > deadline) return made;
    if (!process_.IsRunning()) return Status::IOError("MinIO has ended");
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

MinioServer::~MinioServer() {
  process_.Kill();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

std::string MinioServer::Url(const std::string& prefix) const {
  return "s3://127.0.0.1:" + std::to_string(port_) + "/" + kBucket + "/" + prefix +
         "?secure=" + (secure_ ? "true" : "false");
}

Result<std::unique_ptr<ObjectStore>> MinioServer::MakeStore() const {
  ARROW_ASSIGN_OR_RAISE(const StoreUrl url, ParseStoreUrl(Url("layers/" + NewUuid())));
  return MakeS3Store(url, FixedCredentials({.access_key = kAccessKey, .secret_key = kSecretKey}),
                     {.transport = {.authorities_file = authorities_file()}, .retries = {}});
}

}  // namespace gigapi
