// Asks other nodes over Flight. Keeps a connection to each, and the chunks of rows that it has from them: a node sends only
// what is new.
//
// Thread-safe. Every call ends within its time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/error.h"
#include "cluster/membership.h"
#include "lake/buffered_rows.h"
#include "peers/peer_messages.h"

namespace arrow::flight {
class ResultStream;
}

namespace gigapi {

struct PeerClientOptions {
  int64_t timeout_ms = 1'000;
  /// PEM file of the authority that signed the nodes' certificates; empty: those that the system trusts.
  std::string tls_ca_file = {};
  /// Of chunks kept from one query to the next. What is above is fetched again.
  int64_t cache_bytes_max = 256 << 20;
  /// Chunks of tables that nobody asks for are forgotten.
  int64_t cache_idle_ms = 30'000;
};

class PeerClient {
 public:
  /// Asks for the node of that membership, which must outlive it.
  PeerClient(const Membership* membership, PeerClientOptions options);
  ~PeerClient();

  /// The node's rows of a table that are in no file. kUnavailable: it cannot be reached, or not in time.
  Result<BufferedRows> AskBufferedRows(const NodeEntry& node, const std::string& database, const std::string& table);
  /// Bytes of a file of its local layer; fewer at the end of the file.
  Result<std::string> ReadFile(const NodeEntry& node, const RangeRequest& range);
  /// Has it drop its rows of a table. Answers how far they are gone in its log; 0: it has none, or does not tell.
  Result<uint64_t> DropRows(const NodeEntry& node, const TableRequest& request);
  /// Tells it that a table was dropped (kLookAgainAction) or to flush, and waits until it has done its part.
  Status Tell(const NodeEntry& node, std::string_view action, const TableRequest& request);
  /// The tables that it knows, and the databases without one.
  Result<std::vector<TableRequest>> AskTables(const NodeEntry& node);
  /// What it says of itself, a JSON object.
  Result<std::string> AskStatus(const NodeEntry& node);

 private:
  class Connection;
  struct CachedTable {
    std::string epoch;
    std::map<ChunkId, BufferedChunk> chunks;
    int64_t bytes = 0;
    int64_t used_ns = 0;
  };
  using TableKey = std::pair<std::string, std::pair<std::string, std::string>>;  // node; database, table

  template <typename Read>
  auto Ask(const NodeEntry& node, std::string_view action, std::string body, const Read& read)
      -> std::invoke_result_t<Read, arrow::flight::ResultStream*>;
  Result<std::string> AskText(const NodeEntry& node, std::string_view action);
  Result<std::shared_ptr<Connection>> Connect(const NodeEntry& node);
  void Forget(const NodeEntry& node, const std::shared_ptr<Connection>& connection);
  CachedTable Cached(const TableKey& key);
  void Keep(const TableKey& key, CachedTable table);

  const Membership* const membership_;
  const PeerClientOptions options_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Connection>> connections_;  // by address
  std::map<TableKey, CachedTable> cache_;
  int64_t cached_bytes_ = 0;
};

}  // namespace gigapi
