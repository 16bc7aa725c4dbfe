// What a restore takes away of a shared lake: the rows of the tables that its catalog had, but for those that the backup has
// too. Their files stay in the layers, and a drop's record tells whoever finds them there that they are gone.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "catalog/catalog.h"
#include "catalog/drop_record.h"
#include "object_store/object_store.h"

namespace gigapi {

using TableKey = std::pair<std::string, std::string>;  // database and table
/// How far the logs are in the files of each table.
using TableSequences = std::map<TableKey, WalSequences>;
/// How far the logs are in the files of each hour.
using HourSequences = std::map<TableKey, std::map<PartitionKey, WalSequences>>;

/// What the catalog says; none for what cannot be read, which a restore may be made because of.
Result<TableSequences> ReadTableSequences(ObjectStore* store, Catalog* catalog);

/// The records to put before those tables go. `restored`: what the backup has. Drops of before stay as they are, unless the
/// table is there again. Pure.
DropRecords RecordsOfReplaced(const TableSequences& replaced, const DropRecords& earlier, const HourSequences& restored,
                              int64_t now_ns);

}  // namespace gigapi
