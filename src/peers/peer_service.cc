#include "peers/peer_service.h"

#include <algorithm>
#include <set>

#include "peers/peer_messages.h"
#include "wal/wal_record.h"

namespace gigapi {

namespace fl = arrow::flight;

namespace {

/// One answer of bytes; more are cut by the caller.
constexpr uint64_t kRangeBytesMax = 64 << 20;

fl::Result ResultOf(std::string bytes) { return fl::Result{arrow::Buffer::FromString(std::move(bytes))}; }

/// The header, and then the rows of one chunk after the other.
class BufferedStream final : public fl::ResultStream {
 public:
  BufferedStream(std::string header, std::vector<ColumnBatchPtr> chunks)
      : header_(std::move(header)), chunks_(std::move(chunks)) {}

  Result<std::unique_ptr<fl::Result>> Next() override {
    if (!is_begun_) {
      is_begun_ = true;
      return std::make_unique<fl::Result>(ResultOf(std::move(header_)));
    }
    if (next_ == chunks_.size()) return nullptr;
    const ColumnBatchPtr chunk = std::move(chunks_[next_++]);
    auto bytes = std::make_shared<PodVector<char>>(wal::EncodeRows(*chunk));
    // The buffer keeps the bytes alive.
    struct Rows final : arrow::Buffer {
      explicit Rows(std::shared_ptr<PodVector<char>> held)
          : Buffer(reinterpret_cast<const uint8_t*>(held->data()), static_cast<int64_t>(held->size())), held(held) {}
      std::shared_ptr<PodVector<char>> held;
    };
    return std::make_unique<fl::Result>(fl::Result{std::make_shared<Rows>(std::move(bytes))});
  }

 private:
  std::string header_;
  std::vector<ColumnBatchPtr> chunks_;
  bool is_begun_ = false;
  size_t next_ = 0;
};

}  // namespace

PeerService::PeerService(Lake* lake, Membership* membership, std::vector<LayerPtr> layers,
                         std::function<std::string()> status)
    : lake_(lake),
      membership_(membership),
      self_(membership->Self()),
      layers_(std::move(layers)),
      status_(std::move(status)) {}

bool PeerService::Answers(std::string_view action) {
  return action == kBufferedRowsAction || action == kReadFileAction || action == kNodeStatusAction ||
         action == kDropRowsAction || action == kLookAgainAction || action == kListTablesAction || action == kFlushAction;
}

Result<std::unique_ptr<fl::ResultStream>> PeerService::Answer(std::string_view action, std::string_view body) {
  if (action == kBufferedRowsAction) return ListBuffered(body);
  if (action == kReadFileAction) return ReadFile(body);
  if (action == kDropRowsAction) {
    ARROW_ASSIGN_OR_RAISE(const TableRequest request, DecodeTableRequest(body));
    if (request.database.empty()) return Error(ErrorKind::kInvalidArgument, "a database's name is needed");
    ARROW_ASSIGN_OR_RAISE(const uint64_t dropped_up_to, lake_->DropRows(request.database, request.table));
    return std::make_unique<fl::SimpleResultStream>(std::vector<fl::Result>{ResultOf(EncodeSequence(dropped_up_to))});
  }
  if (action == kLookAgainAction) {
    ARROW_ASSIGN_OR_RAISE(const TableRequest request, DecodeTableRequest(body));
    if (request.database.empty()) {
      ARROW_RETURN_NOT_OK(membership_->Look());
      return std::make_unique<fl::SimpleResultStream>(std::vector<fl::Result>());
    }
    ARROW_RETURN_NOT_OK(lake_->LookAgain(request.database, request.table));
    return std::make_unique<fl::SimpleResultStream>(std::vector<fl::Result>());
  }
  if (action == kFlushAction) {
    ARROW_RETURN_NOT_OK(lake_->FlushAll());
    return std::make_unique<fl::SimpleResultStream>(std::vector<fl::Result>());
  }
  if (action == kListTablesAction) {
    return std::make_unique<fl::SimpleResultStream>(std::vector<fl::Result>{ResultOf(EncodeTableNames(ListTables()))});
  }
  if (action == kNodeStatusAction) {
    return std::make_unique<fl::SimpleResultStream>(std::vector<fl::Result>{ResultOf(status_())});
  }
  return Error(ErrorKind::kUnsupported, "this node does not answer that");
}

std::vector<TableRequest> PeerService::ListTables() const {
  std::vector<TableRequest> names;
  for (const auto& [database, tables] : lake_->Snapshot()->databases) {
    if (tables.empty()) names.push_back({.database = database, .table = {}});
    for (const auto& [table, snapshot] : tables) names.push_back({.database = database, .table = table});
  }
  return names;
}

Result<std::unique_ptr<fl::ResultStream>> PeerService::ListBuffered(std::string_view body) {
  ARROW_ASSIGN_OR_RAISE(const BufferedRequest request, DecodeBufferedRequest(body));
  std::set<ChunkId> known;
  if (request.epoch == self_.epoch) known.insert(request.known.begin(), request.known.end());
  BufferedHeader header{.node = self_.node, .epoch = self_.epoch, .partitions = {}};
  std::vector<ColumnBatchPtr> sent;
  for (const BufferedPartition& from : lake_->ListBuffered(request.database, request.table)) {
    BufferedHeader::Partition& partition = header.partitions.emplace_back();
    partition.hour = from.partition.hour;
    partition.flushed_sequence = from.flushed_sequence;
    for (const BufferedChunk& chunk : from.chunks) {
      const ChunkId id{partition.hour, chunk.first_sequence, chunk.last_sequence};
      partition.chunks.push_back({.id = id, .is_sent = !known.contains(id)});
      if (partition.chunks.back().is_sent) sent.push_back(chunk.rows);
    }
  }
  return std::make_unique<BufferedStream>(EncodeBufferedHeader(header), std::move(sent));
}

Result<std::unique_ptr<fl::ResultStream>> PeerService::ReadFile(std::string_view body) {
  ARROW_ASSIGN_OR_RAISE(const RangeRequest range, DecodeRangeRequest(body));
  ARROW_RETURN_NOT_OK(CheckObjectKey(range.key));
  const LayerPtr layer = FindLayer(layers_, range.layer);
  // What this node keeps for itself lies in the same folder.
  if (layer == nullptr || !layer->local_directory() || range.key.starts_with('.') || !range.key.ends_with(".parquet")) {
    return Errorf(ErrorKind::kNotFound, "there is no file {} in layer '{}'", range.key, range.layer);
  }
  ARROW_ASSIGN_OR_RAISE(const auto file, layer->store()->Open(range.key, std::nullopt));
  const uint64_t size = file->size();
  const uint64_t offset = std::min(range.offset, size);
  std::string bytes(std::min({range.length, size - offset, kRangeBytesMax}), '\0');
  ARROW_ASSIGN_OR_RAISE(const auto read, file->ReadAt(offset, bytes.size(), bytes.data()));
  bytes.resize(read);
  return std::make_unique<fl::SimpleResultStream>(std::vector<fl::Result>{ResultOf(std::move(bytes))});
}

}  // namespace gigapi
