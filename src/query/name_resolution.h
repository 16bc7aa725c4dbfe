// `db.table` names a database of the lake, also when one of DuckDB's own catalogs (memory, system, temp, lake) has that
// name.
#pragma once

#include <string>

#include "lake/snapshot.h"
#include "query/duckdb_headers.h"

namespace gigapi {

void QualifyDatabases(duckdb::QueryNode& node, SnapshotSource* lake);

/// InfluxDB 3 calls the schema of every database `iox`, and Grafana asks for it by that name: `iox.t`, and comparisons of
/// table_schema with 'iox', mean `database`, unless there is a database of that name.
void ResolveIox(duckdb::QueryNode& node, const std::string& database, SnapshotSource* lake);

}  // namespace gigapi
