// What was dropped from a catalog that nodes share: small objects `.gigapi/drops/<database>/<table>/<uuid>.json`, put before
// the table's metadata goes. Files of the table may lie in the layers for a while, or for ever when their removal was cut
// short; this tells them from files whose metadata was lost, and from those of a later table of the same name.
//
// A backup that takes the place of a table drops it too, but for what the backup has.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "catalog/partition_metadata.h"
#include "object_store/object_store.h"

namespace gigapi {

struct DropRecord {
  std::string database;
  std::string table;
  WalSequences wal_sequences = {};  // rows of records up to these are gone
  int64_t dropped_ns = 0;           // wall time
  /// By hour: rows of records up to these are not gone, since the backup that was restored has them.
  std::map<PartitionKey, WalSequences> kept = {};

  /// Whether a file of this hour whose last record of a log is `sequence` is gone. A file is older or newer than a drop as a
  /// whole.
  bool Covers(PartitionKey partition, const std::string& node, uint64_t sequence) const;

  bool operator==(const DropRecord&) const = default;
};

std::string EncodeDropRecord(const DropRecord& record);
Result<DropRecord> DecodeDropRecord(std::string_view json);

/// Puts the record in the place of earlier ones of the table, whose sequences it takes over; what they kept is gone too, or
/// kept by this one.
Status PutDropRecord(DropRecord record, ObjectStore* store);

using DropRecords = std::map<std::pair<std::string, std::string>, DropRecord>;  // by database and table
Result<DropRecords> ReadDropRecords(ObjectStore* store);
/// Of one table; an empty record when it was never dropped.
Result<DropRecord> ReadDropRecord(ObjectStore* store, const std::string& database, const std::string& table);

/// When nothing of the table can be left anywhere.
Status RemoveDropRecord(ObjectStore* store, const std::string& database, const std::string& table);

}  // namespace gigapi
