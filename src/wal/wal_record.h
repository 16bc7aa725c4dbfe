// The payload of a WAL record: the rows of one write request, by table, as columns (docs/wal_format.md).
//
// It holds what was accepted, after parsing: timestamps are filled in, refused lines are gone. So replay needs no parser,
// decides nothing again, and takes less than half of the bytes that the client sent.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/pod_vector.h"
#include "model/write_batch.h"

namespace gigapi::wal {

PodVector<char> EncodeRecord(std::string_view database, const std::vector<TableRows>& tables);

/// The same for the rows of one table alone, without its name.
PodVector<char> EncodeRows(const ColumnBatch& rows);
Result<ColumnBatch> DecodeRows(std::string_view payload);

struct DecodedRecord {
  std::string database;
  std::vector<TableRows> tables;
};

/// Reads back what EncodeRecord wrote; any other bytes give an error, never a crash.
Result<DecodedRecord> DecodeRecord(std::string_view payload);

}  // namespace gigapi::wal
