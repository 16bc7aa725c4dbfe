// Arc's write endpoints: MessagePack, and line protocol under Arc's names.
//
// The database is the header x-arc-database, else the parameter db or bucket where the endpoint has it, else `default`.
#pragma once

#include "lake/lake.h"
#include "server/http/router.h"
#include "server/http/worker_pool.h"
#include "server/write_service.h"

namespace gigapi::arc {

/// All must outlive the router. A flush that a client asks for runs on a thread of `workers`.
struct WriteContext {
  WriteService* writes;
  Lake* lake;
  http::WorkerPool* workers;
};

void AddWriteRoutes(const WriteContext& context, http::Router* router);

}  // namespace gigapi::arc
