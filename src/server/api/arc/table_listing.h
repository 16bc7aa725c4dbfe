// What Arc tells of databases and their tables: SHOW DATABASES, SHOW TABLES, GET /api/v1/measurements.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lake/snapshot.h"
#include "query/query_engine.h"

namespace gigapi::arc {

/// A statement that Arc answers itself.
struct ShowStatement {
  bool databases = false;  // else tables
  std::string database;    // FROM; empty: the request's
};

/// SHOW DATABASES, SHOW TABLES [FROM x], SHOW MEASUREMENTS [FROM x]; nullopt for all else. Pure.
std::optional<ShowStatement> ParseShow(std::string_view sql);

struct TableListing {
  std::string database;
  std::string table;
  std::string storage_path;  // below the root
  int64_t files = 0;
  double megabytes = 0;
};

/// The tables of a database, or of all when it is empty; in order.
std::vector<TableListing> ListTables(const LakeSnapshot& snapshot, std::string_view database);

/// The rows of a SHOW, with Arc's columns. `database` holds where the statement names none.
Result<std::unique_ptr<QueryStream>> OpenShow(const ShowStatement& show, const LakeSnapshot& snapshot,
                                              const std::string& database);

}  // namespace gigapi::arc
