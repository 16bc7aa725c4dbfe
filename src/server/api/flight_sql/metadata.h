// The commands that ask what there is: SQL info, catalogs, schemas, tables, keys, types. Each is a table that is made on
// demand; the schemas are those that Flight SQL prescribes, nullability included, which clients check.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "lake/snapshot.h"
#include "server/api/flight_sql/packed_message.h"

namespace gigapi::flight {

struct MetadataTable {
  std::shared_ptr<arrow::Schema> schema;
  std::function<Result<std::shared_ptr<arrow::RecordBatch>>()> rows;
};

/// The catalog that all databases, Flight SQL's schemas, are in.
inline constexpr std::string_view kCatalogName = "lake";

/// The table that a command asks for; nullopt for commands of another kind. `lake` must outlive the table.
Result<std::optional<MetadataTable>> FindMetadata(const Packed& command, SnapshotSource* lake, const std::string& version);

/// The columns that SELECT * of the table gives over Flight.
std::shared_ptr<arrow::Schema> FlightSchemaOf(const TableSchema& table);

}  // namespace gigapi::flight
