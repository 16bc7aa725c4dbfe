#include "object_store/testing/redis_server.h"

#include <chrono>
#include <filesystem>
#include <thread>

#include "base/clock.h"
#include "base/uuid.h"

namespace gigapi {
namespace {

constexpr int64_t kStartNanosMax = 60 * kNanosPerSecond;

bool IsInstalled() {
  for (const char* folder : {"/usr/bin/", "/usr/local/bin/", "/bin/"}) {
    if (std::filesystem::exists(folder + std::string("redis-server"))) return true;
  }
  return false;
}

}  // namespace

RedisServer::RedisServer(Persistence persistence, bool secure)
    : persistence_(persistence),
      secure_(secure),
      directory_(std::filesystem::temp_directory_path() / ("redis." + NewUuid())) {
  std::filesystem::create_directories(directory_);
}

RedisServer::~RedisServer() {
  process_.Kill();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

Result<std::unique_ptr<RedisServer>> RedisServer::Start(Persistence persistence) {
  return Run(std::unique_ptr<RedisServer>(new RedisServer(persistence, false)));
}

Result<std::unique_ptr<RedisServer>> RedisServer::StartSecure() {
  std::unique_ptr<RedisServer> server(new RedisServer(Persistence::kNone, true));
  ARROW_RETURN_NOT_OK(MakeLoopbackCertificate(server->directory_));
  return Run(std::move(server));
}

Result<std::unique_ptr<RedisServer>> RedisServer::Run(std::unique_ptr<RedisServer> server) {
  if (!IsInstalled()) return Error(ErrorKind::kUnavailable, "redis-server is not installed");
  server->port_ = FreeLoopbackPort();
  ARROW_RETURN_NOT_OK(server->Restart());
  return server;
}

Status RedisServer::Restart() {
  const std::string port = std::to_string(port_);
  std::vector<std::string> arguments;
  const auto set = [&](const std::string& name, const std::vector<std::string>& values) {
    arguments.push_back("--" + name);
    arguments.insert(arguments.end(), values.begin(), values.end());
  };
  set("bind", {"127.0.0.1"});
  set("dir", {directory_});
  set("logfile", {directory_ + "/redis.log"});
  set("save", {""});
  set("appendonly", {persistence_ == Persistence::kEachWrite ? "yes" : "no"});
  set("appendfsync", {"always"});
  set("port", {secure_ ? "0" : port});
  if (secure_) {
    set("tls-port", {port});
    set("tls-cert-file", {directory_ + "/public.crt"});
    set("tls-ca-cert-file", {directory_ + "/public.crt"});
    set("tls-key-file", {directory_ + "/private.key"});
    set("tls-auth-clients", {"optional"});
    set("user", {"default", "off"});
    // What docs/redis.md says that it needs.
    set("user", {"gigapi",
                 "on",
                 std::string(">") + kPassword,
                 "~{gigapi:test}:*",
                 "&{gigapi:test}:notices",
                 "+get",
                 "+getrange",
                 "+eval",
                 "+evalsha",
                 "+set",
                 "+del",
                 "+exists",
                 "+hincrby",
                 "+hset",
                 "+hmget",
                 "+zadd",
                 "+zrem",
                 "+zrangebylex",
                 "+xadd",
                 "+xrange",
                 "+xrevrange",
                 "+time",
                 "+publish",
                 "+subscribe",
                 "+select",
                 "+ping",
                 "+info",
                 "+config|get"});
  }
  ARROW_RETURN_NOT_OK(process_.Start("redis-server", arguments));
  return AwaitAnswer();
}

Status RedisServer::AwaitAnswer() {
  ARROW_ASSIGN_OR_RAISE(const auto client, RedisClient::Make(Url("start"), {.retries = {.attempts_max = 1}}, nullptr));
  const int64_t deadline = SteadyNanos() + kStartNanosMax;
  while (true) {
    const Status answered = client->Demand({"PING"}).status();
    if (answered.ok() || KindOf(answered) != ErrorKind::kUnavailable || SteadyNanos() > deadline) return answered;
    if (!process_.IsRunning()) return Error(ErrorKind::kInternal, "Redis has ended");
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

void RedisServer::Wipe() {
  std::error_code ignored;
  std::filesystem::remove_all(directory_ + "/appendonlydir", ignored);
}

Status RedisServer::SaveState() {
  std::error_code error;
  std::filesystem::copy(directory_ + "/appendonlydir", directory_ + "/saved", std::filesystem::copy_options::recursive,
                        error);
  return error ? Status::IOError("copy: ", error.message()) : Status::OK();
}

Status RedisServer::GoBack() {
  Wipe();
  std::error_code error;
  std::filesystem::rename(directory_ + "/saved", directory_ + "/appendonlydir", error);
  return error ? Status::IOError("rename: ", error.message()) : Status::OK();
}

RedisUrl RedisServer::Url(const std::string& prefix, int port) const {
  RedisUrl url{
      .secure = secure_, .host = "127.0.0.1", .port = static_cast<uint16_t>(port == 0 ? port_ : port), .prefix = prefix};
  if (!secure_) return url;
  url.user = "gigapi";
  url.password = kPassword;
  url.authorities_file = directory_ + "/public.crt";
  return url;
}

}  // namespace gigapi
