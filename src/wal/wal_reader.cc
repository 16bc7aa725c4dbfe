#include "wal/wal_reader.h"

#include <algorithm>
#include <optional>

#include "base/pod_vector.h"
#include "wal/wal_format.h"

namespace gigapi::wal {
namespace {

/// Walks over the records of one segment.
class SegmentReader {
 public:
  SegmentReader(std::shared_ptr<ReadableFile> file, uint64_t segment_id, uint64_t offset = kBlockBytes)
      : file_(std::move(file)), segment_id_(segment_id), offset_(offset) {}

  /// The next record, or nullopt at the end of what is valid.
  Result<std::optional<RecordHeader>> Next(std::string_view* payload) {
    ARROW_ASSIGN_OR_RAISE(auto header, ReadHeader(offset_));
    if (!header && offset_ % kBlockBytes != 0) {
      // A group ends here; the next one starts with the next block.
      offset_ = AlignUp(offset_, kBlockBytes);
      ARROW_ASSIGN_OR_RAISE(header, ReadHeader(offset_));
    }
    if (!header) return std::nullopt;
    ARROW_ASSIGN_OR_RAISE(*payload, Peek(offset_ + sizeof(RecordHeader), header->payload_bytes));
    if (payload->size() != header->payload_bytes || Crc32c(*payload) != header->payload_crc) return std::nullopt;
    offset_ += RecordBytes(header->payload_bytes);
    return header;
  }

  /// Whether a group follows, somewhere, that was written when records after `sequence` were on the disk.
  Result<bool> FindsLaterGroup(uint64_t sequence) {
    for (uint64_t at = AlignUp(offset_, kBlockBytes); at < file_->size(); at += kBlockBytes) {
      ARROW_ASSIGN_OR_RAISE(const auto header, ReadHeader(at));
      if (header && header->after_sync != 0 && header->sequence > sequence + 1) return true;
    }
    return false;
  }

  uint64_t offset() const { return offset_; }

 private:
  Result<std::optional<RecordHeader>> ReadHeader(uint64_t offset) {
    ARROW_ASSIGN_OR_RAISE(const auto bytes, Peek(offset, sizeof(RecordHeader)));
    RecordHeader header;
    if (bytes.size() < sizeof(header)) return std::nullopt;
    std::memcpy(&header, bytes.data(), sizeof(header));
    if (header.payload_bytes == 0 || header.header_crc != header.ComputeCrc(segment_id_)) return std::nullopt;
    return header;
  }

  /// Bytes of the file; fewer only at its end. Valid until the next call.
  Result<std::string_view> Peek(uint64_t offset, size_t size) {
    if (offset < buffer_offset_ || offset + size > buffer_offset_ + buffer_.size()) {
      constexpr size_t kReadAheadBytes = 4 << 20;
      if (offset >= file_->size()) return std::string_view{};
      buffer_.Resize(std::min<uint64_t>(std::max(size, kReadAheadBytes), file_->size() - offset));
      ARROW_ASSIGN_OR_RAISE(const size_t read, file_->ReadAt(offset, buffer_.size(), buffer_.data()));
      buffer_.Resize(read);
      buffer_offset_ = offset;
    }
    const uint64_t start = offset - buffer_offset_;
    return std::string_view(buffer_.data() + start, std::min<uint64_t>(size, buffer_.size() - start));
  }

  std::shared_ptr<ReadableFile> file_;
  const uint64_t segment_id_;
  uint64_t offset_;
  PodVector<char> buffer_;
  uint64_t buffer_offset_ = 0;
};

Result<SegmentFile> ReadSegmentHeader(FileSystem* fs, const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(const auto file, fs->OpenForRead(path));
  SegmentFile segment{.path = path, .size_bytes = file->size()};
  char bytes[sizeof(SegmentHeader)] = {};
  ARROW_ASSIGN_OR_RAISE(const size_t read, file->ReadAt(0, sizeof(bytes), bytes));
  const bool was_written = std::any_of(bytes, bytes + read, [](char c) { return c != 0; });
  if (!was_written) return segment;  // a crash came before its first header
  SegmentHeader header;
  std::memcpy(&header, bytes, sizeof(header));
  if (header.magic != kSegmentMagic || header.crc != header.ComputeCrc()) {
    return Errorf(ErrorKind::kInternal,
                  "the write-ahead log is damaged: {} has no header that can be read. Move it away to start without the "
                  "records in it",
                  path);
  }
  segment.id = header.id;
  segment.first_sequence = header.first_sequence;
  segment.last_sequence = header.first_sequence - 1;
  segment.released_sequence = header.released_sequence;
  return segment;
}

/// Where it ends.
Result<uint64_t> ReadSegment(FileSystem* fs, SegmentFile* segment, const RecordVisitor& visit,
                             const std::function<void(uint64_t)>& progress) {
  ARROW_ASSIGN_OR_RAISE(auto file, fs->OpenForRead(segment->path));
  SegmentReader reader(std::move(file), segment->id);
  while (true) {
    std::string_view payload;
    ARROW_ASSIGN_OR_RAISE(const auto header, reader.Next(&payload));
    if (!header || header->sequence != segment->last_sequence + 1) return reader.offset();
    ARROW_RETURN_NOT_OK(visit(header->sequence, payload));
    segment->last_sequence = header->sequence;
    progress(reader.offset());
  }
}

/// What the newest segment ends with must be what a crash leaves. Of an older one the next segment tells.
Status CheckEnd(FileSystem* fs, const SegmentFile& segment, uint64_t offset) {
  ARROW_ASSIGN_OR_RAISE(const auto file, fs->OpenForRead(segment.path));
  ARROW_ASSIGN_OR_RAISE(const bool goes_on, SegmentReader(file, segment.id, offset).FindsLaterGroup(segment.last_sequence));
  if (!goes_on) return Status::OK();
  // A server that is running may have written on since its log was read.
  std::string_view payload;
  SegmentReader again(file, segment.id, offset);
  ARROW_ASSIGN_OR_RAISE(const auto header, again.Next(&payload));
  if (header && header->sequence == segment.last_sequence + 1) return Status::OK();
  return Errorf(ErrorKind::kInternal,
                "the write-ahead log is damaged: record {} of {} cannot be read, and acknowledged ones follow it. Move the "
                "file away to start without the records in it",
                segment.last_sequence + 1, segment.path);
}

/// Moves the segments whose records all were released before the newest segment was started to the unused ones.
void DropReleased(WalContents* contents) {
  auto& segments = contents->segments;
  size_t released = 0;
  while (released + 1 < segments.size() && segments[released + 1].first_sequence <= segments.back().released_sequence + 1) {
    ++released;
  }
  contents->unused.insert(contents->unused.end(), segments.begin(), segments.begin() + static_cast<ptrdiff_t>(released));
  segments.erase(segments.begin(), segments.begin() + static_cast<ptrdiff_t>(released));
}

/// By their headers: what records they have is not known yet.
Result<WalContents> ListSegments(FileSystem* fs, const std::string& directory) {
  WalContents contents;
  ARROW_ASSIGN_OR_RAISE(const auto names, fs->List(directory));
  for (const std::string& name : names) {
    if (!name.ends_with(".wal")) continue;
    ARROW_ASSIGN_OR_RAISE(SegmentFile segment, ReadSegmentHeader(fs, directory + "/" + name));
    (segment.id == 0 ? contents.unused : contents.segments).push_back(std::move(segment));
  }
  std::sort(contents.segments.begin(), contents.segments.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  DropReleased(&contents);
  return contents;
}

}  // namespace

Result<WalContents> ReadWal(FileSystem* fs, const std::string& directory, const RecordVisitor& visit,
                            const ReplayProgress& progress) {
  ARROW_ASSIGN_OR_RAISE(WalContents contents, ListSegments(fs, directory));
  uint64_t total = 0;
  for (const SegmentFile& segment : contents.segments) total += segment.size_bytes;
  uint64_t done = 0;
  uint64_t end_offset = 0;
  for (SegmentFile& segment : contents.segments) {
    if (contents.last_segment_id != 0 && segment.first_sequence != contents.last_sequence + 1) {
      return Errorf(ErrorKind::kInternal,
                    "the write-ahead log is damaged: after record {} comes segment {} with record {}. Move {} away to start "
                    "without the records that are missing",
                    contents.last_sequence, segment.id, segment.first_sequence, segment.path);
    }
    ARROW_ASSIGN_OR_RAISE(end_offset,
                          ReadSegment(fs, &segment, visit, [&](uint64_t offset) { progress(done + offset, total); }));
    done += segment.size_bytes;
    contents.last_sequence = segment.last_sequence;
    contents.last_segment_id = segment.id;
  }
  if (!contents.segments.empty()) ARROW_RETURN_NOT_OK(CheckEnd(fs, contents.segments.back(), end_offset));
  return contents;
}

Result<std::optional<uint64_t>> FirstSequence(FileSystem* fs, const std::string& directory) {
  ARROW_ASSIGN_OR_RAISE(const WalContents contents, ListSegments(fs, directory));
  if (contents.segments.empty()) return std::nullopt;
  return contents.segments.front().first_sequence;
}

}  // namespace gigapi::wal
