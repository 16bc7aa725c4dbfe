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

std::unique_ptr<fl::ResultStream> StreamOf(std::string bytes) {
  return std::make_unique<fl::SimpleResultStream>(std::vector<fl::Result>{ResultOf(std::move(bytes))});
}

std::unique_ptr<fl::ResultStream> EmptyStream() {
  return std::make_unique<fl::SimpleResultStream>(std::vector<fl::Result>());
}

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

const PeerService::Action* PeerService::Find(std::string_view name) {
  static constexpr Action kActions[] = {
      {kBufferedRowsAction, &PeerService::ListBuffered},
      {kReadFileAction, &PeerService::ReadFile},
      {kNodeStatusAction, &PeerService::TellStatus},
      {kDropRowsAction, &PeerService::DropRows},
      {kLookAgainAction, &PeerService::LookAgain},
      {kListTablesAction, &PeerService::ListTables},
      {kFlushAction, &PeerService::Flush},
  };
  const auto* found = std::ranges::find(kActions, name, &Action::name);
  return found == std::end(kActions) ? nullptr : found;
}

bool PeerService::Answers(std::string_view action) { return Find(action) != nullptr; }

Result<std::unique_ptr<fl::ResultStream>> PeerService::Answer(std::string_view action, std::string_view body) {
  const Action* found = Find(action);
  if (found == nullptr) return Error(ErrorKind::kUnsupported, "this node does not answer that");
  return (this->*found->answer)(body);
}

Result<PeerService::AnswerStream> PeerService::TellStatus(std::string_view) { return StreamOf(status_()); }

Result<PeerService::AnswerStream> PeerService::DropRows(std::string_view body) {
  ARROW_ASSIGN_OR_RAISE(const TableRequest request, DecodeTableRequest(body));
  if (request.database.empty()) return Error(ErrorKind::kInvalidArgument, "a database's name is needed");
  ARROW_ASSIGN_OR_RAISE(const uint64_t dropped_up_to, lake_->DropRows(request.database, request.table));
  return StreamOf(EncodeSequence(dropped_up_to));
}

Result<PeerService::AnswerStream> PeerService::LookAgain(std::string_view body) {
  ARROW_ASSIGN_OR_RAISE(const TableRequest request, DecodeTableRequest(body));
  ARROW_RETURN_NOT_OK(request.database.empty() ? membership_->Look() : lake_->LookAgain(request.database, request.table));
  return EmptyStream();
}

Result<PeerService::AnswerStream> PeerService::Flush(std::string_view) {
  ARROW_RETURN_NOT_OK(lake_->FlushAll());
  return EmptyStream();
}

Result<PeerService::AnswerStream> PeerService::ListTables(std::string_view) {
  std::vector<TableRequest> names;
  for (const auto& [database, tables] : lake_->Snapshot()->databases) {
    if (tables.empty()) names.push_back({.database = database, .table = {}});
    for (const auto& [table, snapshot] : tables) names.push_back({.database = database, .table = table});
  }
  return StreamOf(EncodeTableNames(names));
}

Result<PeerService::AnswerStream> PeerService::ListBuffered(std::string_view body) {
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

Result<PeerService::AnswerStream> PeerService::ReadFile(std::string_view body) {
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
  return StreamOf(std::move(bytes));
}

}  // namespace gigapi
