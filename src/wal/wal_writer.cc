#include "wal/wal_writer.h"

#include <algorithm>
#include <cstdlib>

#include "base/crc32c.h"
#include "base/guarded.h"
#include "base/log.h"
#include "base/thread.h"
#include "base/uuid.h"
#include "wal/wal_format.h"

namespace gigapi::wal {

/// The segment being written: gathers records in memory aligned for direct writes and hands whole blocks to the file.
class WalWriter::Segment {
 public:
  Segment(std::unique_ptr<BlockFile> file, SegmentFile info) : file_(std::move(file)), info_(std::move(info)) {
    buffer_ = static_cast<char*>(std::aligned_alloc(kBlockBytes, kBufferBytes));
    if (buffer_ == nullptr) throw std::bad_alloc();
    SegmentHeader header;
    header.id = info_.id;
    header.first_sequence = info_.first_sequence;
    header.released_sequence = info_.released_sequence;
    header.crc = header.ComputeCrc();
    std::memset(buffer_, 0, kBlockBytes);
    std::memcpy(buffer_, &header, sizeof(header));
    used_ = kBlockBytes;
  }

  /// Before any record, and synced whatever the durability: records over a header of the file's earlier use would, after a
  /// power cut, make an old segment look as if acknowledged records were missing from it.
  Status WriteHeader() {
    ARROW_RETURN_NOT_OK(WriteOut());
    return Sync();
  }
  ~Segment() { std::free(buffer_); }

  bool HasRoom(uint64_t bytes) const { return offset_ + used_ + bytes + kBlockBytes <= file_->size(); }

  Status Add(std::string_view bytes) {
    while (!bytes.empty()) {
      const size_t part = std::min(bytes.size(), kBufferBytes - used_);
      std::memcpy(buffer_ + used_, bytes.data(), part);
      used_ += part;
      bytes.remove_prefix(part);
      if (used_ == kBufferBytes) ARROW_RETURN_NOT_OK(WriteOut());
    }
    return Status::OK();
  }

  /// Ends a group: pads it to whole blocks and writes it.
  Status EndGroup() {
    const size_t padded = AlignUp(used_, kBlockBytes);
    std::memset(buffer_ + used_, 0, padded - used_);
    used_ = padded;
    return used_ == 0 ? Status::OK() : WriteOut();
  }

  Status Sync() { return file_->Sync(); }
  SegmentFile& info() { return info_; }

 private:
  static constexpr size_t kBufferBytes = 1 << 20;

  Status WriteOut() {
    ARROW_RETURN_NOT_OK(file_->WriteAt(offset_, {buffer_, used_}));
    offset_ += used_;
    used_ = 0;
    return Status::OK();
  }

  std::unique_ptr<BlockFile> file_;
  SegmentFile info_;
  char* buffer_;
  size_t used_ = 0;
  uint64_t offset_ = 0;
};

Result<std::unique_ptr<WalWriter>> WalWriter::Open(FileSystem* fs, WalOptions options, WalContents contents,
                                                   uint64_t next_sequence) {
  ARROW_RETURN_NOT_OK(fs->CreateDirectories(options.directory));
  std::unique_ptr<WalWriter> writer(new WalWriter(fs, std::move(options), std::move(contents), next_sequence));
  writer->thread_ = StartThread("wal", [raw = writer.get()] { raw->Run(); });
  return writer;
}

WalWriter::WalWriter(FileSystem* fs, WalOptions options, WalContents contents, uint64_t next_sequence)
    : fs_(fs),
      options_(std::move(options)),
      segments_(std::move(contents.segments)),
      unused_(contents.unused.begin(), contents.unused.end()),
      next_sequence_(next_sequence),
      next_segment_id_(contents.last_segment_id + 1) {}

WalWriter::~WalWriter() { Close(); }

void WalWriter::Append(PodVector<char> payload, Committed committed) {
  // The checksum is made here, on the caller's thread, so that the one writing thread has less to do.
  const uint32_t crc = Crc32c({payload.data(), payload.size()});
  const std::lock_guard lock(mutex_);
  queue_.push_back({std::move(payload), crc, std::move(committed), 0, Status::OK()});
  wake_.notify_one();
}

void WalWriter::Close() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

/// The header of an empty segment tells that all before it was released.
Status WalWriter::LeaveNothing() {
  ARROW_RETURN_NOT_OK(failure());
  {
    const std::lock_guard lock(mutex_);
    if (released_sequence_ + 1 < next_sequence_) return Status::OK();
    if (current_) segments_.push_back(current_->info());
    current_.reset();
  }
  Release(next_sequence_ - 1);
  return StartSegment(0);
}

void WalWriter::Run() {
  std::deque<Pending> group;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return !queue_.empty() || closing_; });
      if (queue_.empty()) return;
      group.swap(queue_);
    }
    WriteGroup(&group);
    for (Pending& record : group) {
      LogExceptions("the answer of a write", [&record] { record.committed(std::move(record.status), record.sequence); });
    }
    group.clear();
  }
}

void WalWriter::WriteGroup(std::deque<Pending>* group) {
  int64_t bytes = 0;
  int64_t records = 0;
  group_begins_ = true;
  for (Pending& record : *group) {
    record.status = PlaceRecord(&record);
    if (!record.status.ok()) continue;
    bytes += static_cast<int64_t>(RecordBytes(record.payload.size()));
    ++records;
  }
  if (records > 0 && !failed_) (void)Latch(FlushSegment());
  if (failed_) {
    for (Pending& record : *group) record.status = failure();
    return;
  }
  const std::lock_guard lock(mutex_);
  metrics_.records_total += records;
  metrics_.bytes_total += bytes;
  metrics_.syncs_total += options_.sync && records > 0 ? 1 : 0;
}

Status WalWriter::PlaceRecord(Pending* record) {
  ARROW_RETURN_NOT_OK(failure());
  if (record->payload.size() > UINT32_MAX) return Error(ErrorKind::kTooLarge, "the write is larger than 4 GB");
  const uint64_t bytes = RecordBytes(record->payload.size());
  ARROW_RETURN_NOT_OK(EnsureRoom(bytes));
  RecordHeader header;
  header.payload_crc = record->payload_crc;
  header.payload_bytes = static_cast<uint32_t>(record->payload.size());
  header.after_sync = options_.sync && group_begins_ ? 1 : 0;
  header.sequence = next_sequence_;
  header.header_crc = header.ComputeCrc(current_->info().id);
  static constexpr char kZeros[kRecordAlignment] = {};
  Status written = current_->Add({reinterpret_cast<const char*>(&header), sizeof(header)});
  if (written.ok()) written = current_->Add({record->payload.data(), record->payload.size()});
  if (written.ok()) written = current_->Add({kZeros, bytes - sizeof(header) - record->payload.size()});
  ARROW_RETURN_NOT_OK(Latch(written));
  group_begins_ = false;
  record->sequence = next_sequence_++;
  current_->info().last_sequence = record->sequence;
  return Status::OK();
}

Status WalWriter::EnsureRoom(uint64_t bytes) {
  if (current_ && current_->HasRoom(bytes)) return Status::OK();
  if (current_) {
    // What stands in the full segment must be on disk before a later segment holds what comes after it.
    // That also holds without sync for each group: after a power cut the log may end early, but has no hole.
    Status flushed = FlushSegment();
    if (flushed.ok() && !options_.sync) flushed = current_->Sync();
    ARROW_RETURN_NOT_OK(Latch(flushed));
    const std::lock_guard lock(mutex_);
    segments_.push_back(current_->info());
    current_.reset();
  }
  return StartSegment(bytes);
}

Status WalWriter::StartSegment(uint64_t bytes) {
  const uint64_t needed = AlignUp(bytes, kBlockBytes) + 2 * kBlockBytes;
  ARROW_ASSIGN_OR_RAISE(SegmentFile info, TakeFile(std::max(options_.segment_bytes, needed)));
  const std::string path = info.path;
  const Status made = MakeSegment(std::move(info));
  if (made.ok()) return made;
  LOG_ERROR("cannot make a segment of the write-ahead log", "reason=\"{}\"", made.message());
  (void)fs_->Remove(path);
  return Error(ErrorKind::kUnavailable, "the write-ahead log has no room: the disk is full or failing");
}

Status WalWriter::MakeSegment(SegmentFile info) {
  ARROW_ASSIGN_OR_RAISE(auto file, fs_->OpenBlockFile(info.path, info.size_bytes));
  // A new name must survive a crash before records rest on it.
  if (info.id == 0) ARROW_RETURN_NOT_OK(fs_->SyncDirectory(options_.directory));
  info.id = next_segment_id_++;
  info.first_sequence = next_sequence_;
  info.last_sequence = next_sequence_ - 1;
  uint64_t floor = 0;
  {
    const std::lock_guard lock(mutex_);
    info.released_sequence = released_sequence_;
    // A reader leaves out the segments that this header calls released: the first one that it does not is the first here.
    floor = segments_.empty() ? info.first_sequence : segments_.front().first_sequence;
    current_bytes_ = info.size_bytes;
  }
  auto segment = std::make_unique<Segment>(std::move(file), std::move(info));
  ARROW_RETURN_NOT_OK(segment->WriteHeader());
  current_ = std::move(segment);
  const std::lock_guard lock(mutex_);
  replay_floor_ = floor;
  return Status::OK();
}

/// A file to write over, or the name of one to make. Only the oldest is written over: see Release.
Result<SegmentFile> WalWriter::TakeFile(uint64_t size_bytes) {
  const std::lock_guard lock(mutex_);
  if (unused_.empty() || unused_.front().size_bytes < size_bytes) {
    return SegmentFile{.path = options_.directory + "/" + NewUuid() + ".wal", .size_bytes = size_bytes};
  }
  SegmentFile file = std::move(unused_.front());
  unused_.pop_front();
  return file;
}

Status WalWriter::FlushSegment() {
  if (!current_) return Status::OK();  // full and done with, and the next one could not be made
  ARROW_RETURN_NOT_OK(current_->EndGroup());
  return options_.sync ? current_->Sync() : Status::OK();
}

Status WalWriter::Latch(const Status& status) {
  if (status.ok()) return status;
  LOG_ERROR("the write-ahead log failed: no write is acknowledged until restart", "reason=\"{}\"", status.message());
  failed_ = true;
  return failure();
}

Status WalWriter::failure() const {
  if (!failed_) return Status::OK();
  return Error(ErrorKind::kUnavailable,
               "the write-ahead log has failed: no write is accepted until the server is restarted");
}

void WalWriter::Release(uint64_t sequence) {
  std::vector<SegmentFile> surplus;
  {
    const std::lock_guard lock(mutex_);
    released_sequence_ = std::max(released_sequence_, sequence);
    const auto needed = std::find_if(segments_.begin(), segments_.end(),
                                     [&](const auto& segment) { return segment.last_sequence > sequence; });
    unused_.insert(unused_.end(), segments_.begin(), needed);
    segments_.erase(segments_.begin(), needed);
    // Files leave by age, the oldest first, never one from between: a reader that finds unused segments still on disk takes
    // a gap between them for acknowledged records that are missing.
    const auto odd = std::find_if(unused_.rbegin(), unused_.rend(),
                                  [&](const auto& segment) { return segment.size_bytes != options_.segment_bytes; });
    const size_t surplus_count =
        std::max<size_t>(unused_.rend() - odd, unused_.size() - std::min(unused_.size(), options_.unused_segments_max));
    const auto end_of_surplus = unused_.begin() + static_cast<ptrdiff_t>(surplus_count);
    surplus.assign(unused_.begin(), end_of_surplus);
    unused_.erase(unused_.begin(), end_of_surplus);
  }
  for (const SegmentFile& segment : surplus) (void)fs_->Remove(segment.path);
}

uint64_t WalWriter::replay_floor() const {
  const std::lock_guard lock(mutex_);
  return replay_floor_;
}

WalMetrics WalWriter::metrics() const {
  const std::lock_guard lock(mutex_);
  WalMetrics metrics = metrics_;
  metrics.failed = failed_;
  metrics.segments = static_cast<int64_t>(segments_.size()) + 1;
  metrics.needed_bytes = static_cast<int64_t>(current_bytes_);
  for (const SegmentFile& segment : segments_) metrics.needed_bytes += static_cast<int64_t>(segment.size_bytes);
  metrics.disk_bytes = metrics.needed_bytes;
  for (const SegmentFile& segment : unused_) metrics.disk_bytes += static_cast<int64_t>(segment.size_bytes);
  return metrics;
}

}  // namespace gigapi::wal
