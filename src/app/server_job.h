// A backup or a restore that a running server makes, asked for over HTTP and watched with a bar.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "app/http_client.h"
#include "backup/backup_job.h"
#include "backup/manifest.h"

namespace gigapi {

/// What the server says of it.
struct ServerJobState {
  std::string phase;
  int64_t begun_ns = 0;
  BackupProgress progress;
  std::string id;
  BackupTotals totals;
  std::string error;
  std::string waits_for;
};

class ServerJob {
 public:
  /// `what` it is: "backup" or "restore", whose route is /api/v1/<what>. A server that does not answer is asked again for
  /// `outage_max` once the job has begun.
  ServerJob(HttpAddress address, std::string what, std::chrono::seconds outage_max)
      : client_(std::move(address)), what_(std::move(what)), outage_max_(outage_max) {}

  /// `body` begins it. Returns when it has ended, with what it has done; a stop signal ends it. Any end but a good one is a
  /// failure.
  Result<ServerJobState> Run(const std::string& body);

 private:
  Result<ServerJobState> Ask(const std::string& method, const std::string& body);
  Result<ServerJobState> Poll();
  Result<ServerJobState> Watch(ServerJobState state);

  HttpClient client_;
  const std::string what_;
  const std::chrono::seconds outage_max_;
};

}  // namespace gigapi
