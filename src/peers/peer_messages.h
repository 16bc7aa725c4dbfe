// What nodes of a cluster say to each other over Flight: actions of its service, named below, with small JSON texts and
// rows in the form of the write-ahead log (wal/wal_record.h). Both sides may be of different versions for a while: names and
// meanings stay. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "lake/buffered_rows.h"

namespace gigapi {

/// A header that every such call carries: the proof that a node of the cluster calls (cluster/node_proof.h).
inline constexpr std::string_view kPeerProofHeader = "x-gigapi-peer";
/// Body: BufferedRequest. Answers BufferedHeader, and then the rows of each of its chunks that is marked as sent.
inline constexpr std::string_view kBufferedRowsAction = "gigapi.buffered_rows";
/// Body: RangeRequest. Answers the bytes.
inline constexpr std::string_view kReadFileAction = "gigapi.read_file";
/// Body: TableRequest. Another node drops the table: this one drops its rows of it, durably, and answers up to which
/// sequence of its log they are gone (EncodeSequence); 0: it has no log. Earlier versions answer nothing.
inline constexpr std::string_view kDropRowsAction = "gigapi.drop_rows";
/// Body: TableRequest. The catalog has lost the table: this node looks, and answers nothing. Without a database: a node has
/// come, so it looks which there are.
inline constexpr std::string_view kLookAgainAction = "gigapi.look_again";
/// No body. Answers which tables this node knows (EncodeTableNames).
inline constexpr std::string_view kListTablesAction = "gigapi.list_tables";
/// Body: an empty TableRequest. This node brings its rows into files, and answers nothing.
inline constexpr std::string_view kFlushAction = "gigapi.flush";
/// No body. Answers a JSON object for GET /api/v1/cluster.
inline constexpr std::string_view kNodeStatusAction = "gigapi.node_status";

/// One chunk, for ever the same within a run of its node.
struct ChunkId {
  int64_t hour = 0;
  uint64_t first_sequence = 0;
  uint64_t last_sequence = 0;

  auto operator<=>(const ChunkId&) const = default;
};

struct BufferedRequest {
  std::string database;
  std::string table;
  /// Chunks that the asker has from before; only where `epoch` is the node's.
  std::string epoch;
  std::vector<ChunkId> known;
};

std::string EncodeBufferedRequest(const BufferedRequest& request);
Result<BufferedRequest> DecodeBufferedRequest(std::string_view json);

struct BufferedHeader {
  struct Chunk {
    ChunkId id;
    bool is_sent = false;
  };
  struct Partition {
    int64_t hour = 0;
    uint64_t flushed_sequence = 0;
    std::vector<Chunk> chunks;
  };
  std::string node;
  std::string epoch;
  std::vector<Partition> partitions;
};

std::string EncodeBufferedHeader(const BufferedHeader& header);
Result<BufferedHeader> DecodeBufferedHeader(std::string_view json);

/// A table, or a database with all its tables.
struct TableRequest {
  std::string database;
  std::string table;  // empty: all
};

std::string EncodeTableRequest(const TableRequest& request);
Result<TableRequest> DecodeTableRequest(std::string_view json);

std::string EncodeSequence(uint64_t sequence);
Result<uint64_t> DecodeSequence(std::string_view json);

/// Of tables; a database without one stands there with an empty table.
std::string EncodeTableNames(const std::vector<TableRequest>& names);
Result<std::vector<TableRequest>> DecodeTableNames(std::string_view json);

struct RangeRequest {
  std::string layer;
  std::string key;
  uint64_t offset = 0;
  uint64_t length = 0;
};

std::string EncodeRangeRequest(const RangeRequest& request);
Result<RangeRequest> DecodeRangeRequest(std::string_view json);

}  // namespace gigapi
