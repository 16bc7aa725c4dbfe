// Queries that give a part of a table's rows, by time: how one scan is spread over several readers.
#pragma once

#include <optional>
#include <string>

#include "query/duckdb_headers.h"
#include "query/query_engine.h"

namespace gigapi {

/// The only table that the query names, if nothing in its text speaks against a plain scan of it: its plan must say the
/// rest.
std::optional<QueryDescription::Table> ScannedTable(const duckdb::QueryNode& node, const std::string& database,
                                                    const LakeSnapshot& snapshot);

/// Adds the request's bounds to the query; nothing happens without any. Throws a BinderException when the query is no scan.
void SliceTime(duckdb::QueryNode& node, const QueryRequest& request);

}  // namespace gigapi
