// Servers that a test starts: a free port, a certificate, a process that ends with the test.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/error.h"

namespace gigapi {

/// Of the loopback address; free when it was asked for.
int FreeLoopbackPort();

/// Makes `private.key` and `public.crt`, which is its own authority, for 127.0.0.1 in a folder.
Status MakeLoopbackCertificate(const std::string& directory);

/// A process, killed when its owner goes.
class ServerProcess {
 public:
  ServerProcess() = default;
  ~ServerProcess() { Kill(); }
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  /// `program` is a path or is searched for; `environment` ("NAME=value") comes on top of ours. Ends when this thread ends.
  Status Start(const std::string& program, const std::vector<std::string>& arguments,
               const std::vector<std::string>& environment = {});
  /// By SIGKILL; it is gone afterwards. Nothing when it does not run.
  void Kill();
  void Signal(int signal) const;
  /// Whether it has not ended by itself.
  bool IsRunning();

 private:
  pid_t process_ = -1;
};

}  // namespace gigapi
