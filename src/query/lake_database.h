// A DuckDB instance with the lake mounted and locked down, and its pool of connections.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "lake/snapshot.h"
#include "query/duckdb_headers.h"
#include "query/query_engine.h"

namespace gigapi {

class LakeDatabase {
 public:
  /// May throw DuckDB's exceptions.
  LakeDatabase(SnapshotSource* lake, const QueryOptions& options);

  /// A connection on which unqualified names mean tables of `database`. May throw.
  std::unique_ptr<duckdb::Connection> Take(const std::string& database);
  void GiveBack(std::unique_ptr<duckdb::Connection> connection);
  /// An internal error has made the instance unusable.
  bool IsBroken() const;

 private:
  void Mount(SnapshotSource* lake, const QueryOptions& options);

  duckdb::unique_ptr<duckdb::DuckDB> db_;
  const size_t pool_max_;
  std::mutex lock_;
  std::vector<std::unique_ptr<duckdb::Connection>> idle_;
};

}  // namespace gigapi
