// What a file's footer makes of it for the catalog, and what the files' columns make of a table. Pure.
#pragma once

#include <string>
#include <vector>

#include "repair/lake_inventory.h"
#include "storage/data_file.h"

namespace gigapi {

/// What the catalog would say of a file of this table whose footer was read. `node`: of this machine's log; `is_shared`: the
/// catalog.
DataFilePtr MakeDataFile(const FoundFile& found, PartitionKey partition, const TableSchema& schema, const std::string& node,
                         bool is_shared);

/// Raises what is known of logs to what the files say; in a catalog that is not shared only of this machine's.
void RaiseSequences(const std::vector<const FoundFile*>& files, const std::string& node, bool is_shared,
                    WalSequences* sequences);

/// The columns of a table whose files these are: those of `known` (nullptr: none) in their places, then those that the files
/// say, in the places that their footers say. kConflict when two files cannot be of one table.
Result<SchemaPtr> RebuildSchema(const SchemaPtr& known, std::vector<const FoundFile*> files);

}  // namespace gigapi
