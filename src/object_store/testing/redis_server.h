// A Redis that lives as long as the test that started it: on a free port of the loopback address, in a folder that goes
// with it.
#pragma once

#include <memory>
#include <string>

#include "object_store/redis/redis_store.h"
#include "object_store/testing/server_process.h"

namespace gigapi {

class RedisServer {
 public:
  enum class Persistence {
    kNone,
    kEachWrite,  // appendonly yes, appendfsync always
  };

  /// kUnavailable when redis-server is not installed.
  static Result<std::unique_ptr<RedisServer>> Start(Persistence persistence);
  /// Over TLS alone, with a certificate of its own: Url names it; and with a user "gigapi" of the password kPassword,
  /// who may do what docs/redis.md says to the prefix "test".
  static Result<std::unique_ptr<RedisServer>> StartSecure();
  ~RedisServer();

  static constexpr const char* kPassword = "redis-test-secret";

  /// Of a prefix; port 0: its own, another: that of a proxy.
  RedisUrl Url(const std::string& prefix, int port = 0) const;
  int port() const { return port_; }

  /// By SIGKILL.
  void Kill() { process_.Kill(); }
  /// After Kill: with what its disk has, on the same port.
  Status Restart();
  /// After Kill: what its disk has is gone.
  void Wipe();
  /// After Kill: keeps a copy of what its disk has, and puts it in place of that again.
  Status SaveState();
  Status GoBack();
  void Signal(int signal) const { process_.Signal(signal); }

 private:
  RedisServer(Persistence persistence, bool secure);
  static Result<std::unique_ptr<RedisServer>> Run(std::unique_ptr<RedisServer> server);
  Status AwaitAnswer();

  const Persistence persistence_;
  const bool secure_;
  const std::string directory_;
  int port_ = 0;
  ServerProcess process_;
};

}  // namespace gigapi
