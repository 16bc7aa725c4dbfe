// What listens in the server's place while a backup is put into its lake: tells how far that is, can end it, and answers 503
// to everything else.
#pragma once

#include <memory>

#include "base/error.h"
#include "server/server.h"

namespace gigapi {

class RestoringServer {
 public:
  /// Uses of the options how to listen, whom to let in, and the restores. The address must be free again.
  static Result<std::unique_ptr<RestoringServer>> Start(const ServerOptions& options);
  virtual ~RestoringServer() = default;

  /// Lets requests under way finish. Idempotent; the destructor calls it.
  virtual void Stop() = 0;
};

}  // namespace gigapi
