#include "peers/peer_client.h"

#include <arrow/flight/client.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <type_traits>

#include "base/clock.h"
#include "wal/wal_record.h"

namespace gigapi {

namespace fl = arrow::flight;

namespace {

std::string_view TextOf(const fl::Result& result) { return std::string_view(*result.body); }

}  // namespace

/// One client of Flight, whose calls may run side by side.
class PeerClient::Connection {
 public:
  static Result<std::shared_ptr<Connection>> Open(const std::string& address, const PeerClientOptions& options) {
    ARROW_ASSIGN_OR_RAISE(const auto location, fl::Location::Parse(address));
    fl::FlightClientOptions client_options = fl::FlightClientOptions::Defaults();
    if (!options.tls_ca_file.empty()) {
      std::ifstream file(options.tls_ca_file, std::ios::binary);
      client_options.tls_root_certs = {std::istreambuf_iterator<char>(file), {}};
    }
    ARROW_ASSIGN_OR_RAISE(auto client, fl::FlightClient::Connect(location, client_options));
    return std::make_shared<Connection>(std::move(client), options.timeout_ms);
  }
  Connection(std::unique_ptr<fl::FlightClient> client, int64_t timeout_ms)
      : client_(std::move(client)), timeout_ms_(timeout_ms) {}

  Result<std::unique_ptr<fl::ResultStream>> Act(std::string_view action, std::string body, std::string proof) {
    fl::FlightCallOptions options;
    options.timeout = fl::TimeoutDuration(static_cast<double>(timeout_ms_) / 1'000);
    options.headers.emplace_back(kPeerProofHeader, std::move(proof));
    return client_->DoAction(options, fl::Action(std::string(action), arrow::Buffer::FromString(std::move(body))));
  }

 private:
  const std::unique_ptr<fl::FlightClient> client_;
  const int64_t timeout_ms_;
};

PeerClient::PeerClient(const Membership* membership, PeerClientOptions options)
    : membership_(membership), options_(std::move(options)) {}
PeerClient::~PeerClient() = default;

Result<std::shared_ptr<PeerClient::Connection>> PeerClient::Connect(const NodeEntry& node) {
  if (node.flight_address.empty()) return Errorf(ErrorKind::kUnavailable, "node {} does not answer yet", node.node);
  {
    const std::lock_guard lock(mutex_);
    const auto found = connections_.find(node.flight_address);
    if (found != connections_.end()) return found->second;
  }
  ARROW_ASSIGN_OR_RAISE(auto opened, Connection::Open(node.flight_address, options_));
  const std::lock_guard lock(mutex_);
  return connections_.try_emplace(node.flight_address, std::move(opened)).first->second;
}

/// After a failure: gRPC would wait before it connects again.
void PeerClient::Forget(const NodeEntry& node, const std::shared_ptr<Connection>& connection) {
  const std::lock_guard lock(mutex_);
  const auto found = connections_.find(node.flight_address);
  if (found != connections_.end() && found->second == connection) connections_.erase(found);
}

namespace {

/// Without what only gRPC's developers can read.
std::string_view PlainReason(const Status& why) {
  const auto detail = fl::FlightStatusDetail::UnwrapStatus(why);
  if (detail && detail->code() == fl::FlightStatusCode::TimedOut) return "no answer in time";
  if (detail && detail->code() == fl::FlightStatusCode::Unavailable) return "it cannot be reached";
  const std::string_view text = why.message();
  return text.substr(0, text.find(". gRPC client debug context"));
}

Status Unreachable(const NodeEntry& node, const Status& why) {
  return Errorf(ErrorKind::kUnavailable, "node {} at {}: {}", node.node, node.flight_address, PlainReason(why));
}

/// The answer's next part, which must be there.
Result<std::unique_ptr<fl::Result>> NextPart(fl::ResultStream* answer) {
  ARROW_ASSIGN_OR_RAISE(auto part, answer->Next());
  if (part == nullptr) return Error(ErrorKind::kUnavailable, "its answer ends too early");
  return part;
}

Result<BufferedChunk> DecodeChunk(const ChunkId& id, std::string_view encoded) {
  ARROW_ASSIGN_OR_RAISE(ColumnBatch batch, wal::DecodeRows(encoded));
  batch.ComputeTimeRange();
  BufferedChunk chunk{.rows = std::make_shared<const ColumnBatch>(std::move(batch)),
                      .first_sequence = id.first_sequence,
                      .last_sequence = id.last_sequence};
  chunk.bytes = chunk.rows->MemoryBytes();
  return chunk;
}

}  // namespace

/// What `read` (fl::ResultStream* -> Status or Result) makes of the answer.
template <typename Read>
auto PeerClient::Ask(const NodeEntry& node, std::string_view action, std::string body, const Read& read)
    -> std::invoke_result_t<Read, fl::ResultStream*> {
  ARROW_ASSIGN_OR_RAISE(const auto connection, Connect(node));
  const auto ask = [&]() -> std::invoke_result_t<Read, fl::ResultStream*> {
    ARROW_ASSIGN_OR_RAISE(std::string proof, membership_->ProveTo(node));
    ARROW_ASSIGN_OR_RAISE(const auto stream, connection->Act(action, std::move(body), std::move(proof)));
    return read(stream.get());
  };
  auto answer = ask();
  if (answer.ok()) return answer;
  Forget(node, connection);
  return Unreachable(node, arrow::ToStatus(answer));
}

Result<BufferedRows> PeerClient::AskBufferedRows(const NodeEntry& node, const std::string& database,
                                                 const std::string& table) {
  const TableKey key{node.node, {database, table}};
  const CachedTable cached = Cached(key);
  BufferedRequest request{.database = database, .table = table, .epoch = cached.epoch, .known = {}};
  for (const auto& [id, chunk] : cached.chunks) request.known.push_back(id);
  CachedTable now;
  const auto read = [&](fl::ResultStream* answer) -> Result<BufferedRows> {
    ARROW_ASSIGN_OR_RAISE(const auto first, NextPart(answer));
    ARROW_ASSIGN_OR_RAISE(const BufferedHeader header, DecodeBufferedHeader(TextOf(*first)));
    if (header.node != node.node) return Error(ErrorKind::kUnavailable, "another node answers at its address");
    now.epoch = header.epoch;
    BufferedRows rows{.node = header.node, .partitions = {}};
    for (const BufferedHeader::Partition& theirs : header.partitions) {
      BufferedPartition& partition = rows.partitions.emplace_back();
      partition.partition = PartitionKey{theirs.hour};
      partition.flushed_sequence = theirs.flushed_sequence;
      for (const BufferedHeader::Chunk& chunk : theirs.chunks) {
        if (chunk.is_sent) {
          ARROW_ASSIGN_OR_RAISE(const auto part, NextPart(answer));
          ARROW_ASSIGN_OR_RAISE(partition.chunks.emplace_back(), DecodeChunk(chunk.id, TextOf(*part)));
        } else {
          const auto known = cached.chunks.find(chunk.id);
          if (known == cached.chunks.end()) return Error(ErrorKind::kUnavailable, "it leaves out rows that were asked for");
          partition.chunks.push_back(known->second);
        }
        now.chunks.emplace(chunk.id, partition.chunks.back());
        now.bytes += static_cast<int64_t>(partition.chunks.back().bytes);
      }
    }
    return rows;
  };
  ARROW_ASSIGN_OR_RAISE(BufferedRows rows, Ask(node, kBufferedRowsAction, EncodeBufferedRequest(request), read));
  Keep(key, std::move(now));
  return rows;
}

Result<std::string> PeerClient::ReadFile(const NodeEntry& node, const RangeRequest& range) {
  return Ask(node, kReadFileAction, EncodeRangeRequest(range), [](fl::ResultStream* answer) -> Result<std::string> {
    std::string bytes;
    for (;;) {
      ARROW_ASSIGN_OR_RAISE(const auto piece, answer->Next());
      if (piece == nullptr) return bytes;
      bytes += TextOf(*piece);
    }
  });
}

Result<uint64_t> PeerClient::DropRows(const NodeEntry& node, const TableRequest& request) {
  return Ask(node, kDropRowsAction, EncodeTableRequest(request), [](fl::ResultStream* answer) -> Result<uint64_t> {
    ARROW_ASSIGN_OR_RAISE(const auto part, answer->Next());
    if (part == nullptr) return 0;  // an earlier version
    return DecodeSequence(TextOf(*part));
  });
}

Status PeerClient::Tell(const NodeEntry& node, std::string_view action, const TableRequest& request) {
  return Ask(node, action, EncodeTableRequest(request),
             [](fl::ResultStream* answer) -> Status { return answer->Next().status(); });
}

Result<std::string> PeerClient::AskText(const NodeEntry& node, std::string_view action) {
  return Ask(node, action, "", [](fl::ResultStream* answer) -> Result<std::string> {
    ARROW_ASSIGN_OR_RAISE(const auto text, NextPart(answer));
    return std::string(TextOf(*text));
  });
}

Result<std::string> PeerClient::AskStatus(const NodeEntry& node) { return AskText(node, kNodeStatusAction); }

Result<std::vector<TableRequest>> PeerClient::AskTables(const NodeEntry& node) {
  ARROW_ASSIGN_OR_RAISE(const std::string names, AskText(node, kListTablesAction));
  return DecodeTableNames(names);
}

PeerClient::CachedTable PeerClient::Cached(const TableKey& key) {
  const std::lock_guard lock(mutex_);
  const auto found = cache_.find(key);
  return found == cache_.end() ? CachedTable() : found->second;
}

void PeerClient::Keep(const TableKey& key, CachedTable table) {
  table.used_ns = SteadyNanos();
  const int64_t idle_since_ns = table.used_ns - options_.cache_idle_ms * kNanosPerMilli;
  const std::lock_guard lock(mutex_);
  cached_bytes_ += table.bytes - cache_[key].bytes;
  cache_[key] = std::move(table);
  std::erase_if(cache_, [&](const auto& each) {
    if (each.second.used_ns >= idle_since_ns) return false;
    cached_bytes_ -= each.second.bytes;
    return true;
  });
  while (cached_bytes_ > options_.cache_bytes_max) {
    const auto oldest = std::ranges::min_element(cache_, {}, [](const auto& each) { return each.second.used_ns; });
    cached_bytes_ -= oldest->second.bytes;
    cache_.erase(oldest);
  }
}

}  // namespace gigapi
