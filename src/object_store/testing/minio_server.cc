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
#include "object_store/open_store.h"
#include "object_store/s3_client.h"

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

Result<std::unique_ptr<MinioServer>> MinioServer::Start(const std::string& source_directory) {
  const char* named = std::getenv("GIGAPI_MINIO");
  const std::string program = named != nullptr ? named : source_directory + "/build/deps/minio/minio";
  if (::access(program.c_str(), X_OK) != 0) {
    return Errorf(ErrorKind::kUnavailable, "there is no MinIO at {}: call scripts/bootstrap-minio", program);
  }
  std::unique_ptr<MinioServer> server(new MinioServer);
  server->directory_ = std::filesystem::temp_directory_path() / ("minio." + NewUuid());
  std::filesystem::create_directories(server->directory_);
  ARROW_RETURN_NOT_OK(server->Launch(program));
  ARROW_RETURN_NOT_OK(server->MakeBucket());
  return server;
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
  ::execl(program.c_str(), "minio", "server", "--quiet", "--address", address.c_str(), (directory_ + "/data").c_str(),
          nullptr);
  ::_exit(127);
}

/// It answers once it has started.
Status MinioServer::MakeBucket() {
  ARROW_ASSIGN_OR_RAISE(StoreUrl url, ParseStoreUrl(Url("")));
  ARROW_ASSIGN_OR_RAISE(auto transport, HttpTransport::Make(EndpointOf(url), {}));
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
  return "s3://127.0.0.1:" + std::to_string(port_) + "/" + kBucket + "/" + prefix + "?secure=false";
}

Result<std::unique_ptr<ObjectStore>> MinioServer::MakeStore() const {
  ARROW_ASSIGN_OR_RAISE(const StoreUrl url, ParseStoreUrl(Url("layers/" + NewUuid())));
  return OpenStore(url, {.auth_key = kAccessKey, .auth_secret = kSecretKey}, LocalFileSystem());
}

}  // namespace gigapi
