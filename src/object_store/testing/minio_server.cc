#include "object_store/testing/minio_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
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

int FreePort() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  (void)::bind(listener, reinterpret_cast<sockaddr*>(&address), size);
  (void)::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(listener);
  return ntohs(address.sin_port);
}

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
  ARROW_RETURN_NOT_OK(server->MakeCertificate());
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

Status MinioServer::MakeCertificate() {
  const std::string command = "cd '" + directory_ +
                              "/certs' && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
                              "-keyout private.key -out public.crt -subj /CN=minio -addext subjectAltName=IP:127.0.0.1 "
                              ">openssl.log 2>&1";
  return std::system(command.c_str()) == 0 ? Status::OK() : Status::IOError("openssl makes no certificate");
}

Status MinioServer::Launch(const std::string& program) {
  port_ = FreePort();
  const std::string address = "127.0.0.1:" + std::to_string(port_);
  process_ = ::fork();
  if (process_ < 0) return Status::IOError("fork");
  if (process_ > 0) return Status::OK();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setenv("MINIO_ROOT_USER", kAccessKey, 1);
  ::setenv("MINIO_ROOT_PASSWORD", kSecretKey, 1);
  ::setenv("MINIO_BROWSER", "off", 1);
  ::setenv("MINIO_UPDATE", "off", 1);
  ::setenv("HOME", directory_.c_str(), 1);
  ::execl(program.c_str(), "minio", "server", "--quiet", "--certs-dir", (directory_ + "/certs").c_str(), "--address",
          address.c_str(), (directory_ + "/data").c_str(), nullptr);
  ::_exit(127);
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
    if (::waitpid(process_, nullptr, WNOHANG) == process_) return Status::IOError("MinIO has ended");
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

MinioServer::~MinioServer() {
  if (process_ > 0) {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
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
