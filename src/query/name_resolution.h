// `db.table` names a database of the lake, also when one of DuckDB's own catalogs (memory, system, temp, lake) has that
// name.
#pragma once

#include "lake/snapshot.h"
#include "query/duckdb_headers.h"

namespace gigapi {

void QualifyDatabases(duckdb::QueryNode& node, SnapshotSource* lake);

}  // namespace gigapi
