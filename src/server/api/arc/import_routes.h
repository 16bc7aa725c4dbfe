// Arc's import endpoints: files of any size, uploaded as multipart/form-data (field `file`) or as the body itself.
//
//   POST /api/v1/import/{csv,parquet,lp}   as Arc has them; ndjson, json, arrow and msgpack are ours
//   GET  /api/v1/import/stats
//
// The database is the header x-arc-database or the parameter db. docs/import.md says what is answered.
#pragma once

#include "server/http/router.h"
#include "server/http/worker_pool.h"
#include "server/import/importer.h"

namespace gigapi::arc {

/// Both must outlive the router. An import has a thread of `workers` from its first byte to its answer.
struct ImportContext {
  const Importer* importer;
  http::WorkerPool* workers;
};

void AddImportRoutes(const ImportContext& context, http::Router* router);

}  // namespace gigapi::arc
