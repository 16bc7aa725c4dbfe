#include "object_store/cache/cached_file.h"

#include <algorithm>
#include <cstring>

#include "base/digest.h"
#include "base/parallel.h"

namespace gigapi {
namespace {

constexpr size_t kBlockBytes = BlockCache::kBlockBytes;
/// Stands for the end of an object in the table of fetches.
constexpr uint32_t kTailBlock = UINT32_MAX;

/// Blocks of one object that this thread fetches, until it goes.
class Claims {
 public:
  explicit Claims(FetchTable* fetches) : fetches_(fetches) {}
  Claims(const Claims&) = delete;
  Claims& operator=(const Claims&) = delete;
  ~Claims() { Release(); }

  bool TryAdd(const BlockKey& key) {
    if (!fetches_->TryClaim(key)) return false;
    keys_.push_back(key);
    return true;
  }
  void Release() {
    for (const BlockKey& key : keys_) fetches_->Release(key);
    keys_.clear();
  }

 private:
  FetchTable* const fetches_;
  std::vector<BlockKey> keys_;
};

}  // namespace

ObjectDigest DigestOf(const ObjectStore& store, const std::string& key) {
  const Sha256Digest digest = Sha256(store.Describe() + "\n" + key);
  ObjectDigest object;
  std::memcpy(object.data(), digest.data(), sizeof(object));
  return object;
}

CachedFile::CachedFile(ReadCache* cache, ObjectStore* store, std::string key, uint64_t size_bytes,
                       std::shared_ptr<ReadCounters> counters)
    : cache_(cache),
      store_(store),
      key_(std::move(key)),
      size_(size_bytes),
      digest_(DigestOf(*store, key_)),
      counters_(std::move(counters)) {}

Result<size_t> CachedFile::ReadAt(uint64_t offset, size_t size, char* out) const {
  if (offset >= size_ || size == 0) return 0;
  size = std::min<uint64_t>(size, size_ - offset);
  Count(&ReadCounters::wanted_bytes, size);
  const bool in_tail = offset + cache_->options_.tail_bytes >= size_;
  if (in_tail) ARROW_RETURN_NOT_OK(ReadFromTail(offset, size, out));
  else ARROW_RETURN_NOT_OK(ReadThroughBlocks(offset, size, out));
  return size;
}

/// A footer is read in two or three steps from the end: the first one brings all of them.
Status CachedFile::ReadFromTail(uint64_t offset, size_t size, char* out) const {
  const size_t tail_bytes = std::min<uint64_t>(size_, cache_->options_.tail_bytes);
  const auto copy = [&](const std::string& tail) { std::memcpy(out, tail.data() + (offset + tail_bytes - size_), size); };
  const auto find = [&] {
    const auto tail = cache_->tails_.Find(digest_, size_);
    if (!tail || tail->size() != tail_bytes) return false;
    copy(*tail);
    Count(&ReadCounters::memory_bytes, size);
    return true;
  };
  const BlockKey claim{digest_, kTailBlock};
  while (!find()) {
    Claims claims(&cache_->fetches_);
    if (!claims.TryAdd(claim)) {
      cache_->fetches_.Await(claim);
      if (find()) return Status::OK();
      continue;
    }
    std::string tail(tail_bytes, '\0');
    ARROW_RETURN_NOT_OK(Fetch({size_ - tail_bytes, tail_bytes}, tail.data()));
    copy(tail);
    cache_->tails_.Put(digest_, size_, std::move(tail));
    return Status::OK();
  }
  return Status::OK();
}

Status CachedFile::ReadThroughBlocks(uint64_t offset, size_t size, char* out) const {
  std::vector<Piece> pieces = SplitIntoPieces(offset, size, out);
  if (!cache_->blocks_) return FetchPieces(pieces, offset, out);
  std::vector<Piece> claimed;
  std::vector<Piece> awaited;
  Claims claims(&cache_->fetches_);
  for (const Piece& piece : pieces) {
    if (ReadFromDisk(piece)) continue;
    if (!claims.TryAdd(piece.key)) awaited.push_back(piece);
    else if (!ReadFromDisk(piece)) claimed.push_back(piece);  // it may have come between the two looks
  }
  const Status fetched = FetchPieces(claimed, offset, out);
  claims.Release();
  ARROW_RETURN_NOT_OK(fetched);
  std::vector<Piece> left;
  for (const Piece& piece : awaited) {
    cache_->fetches_.Await(piece.key);
    if (!ReadFromDisk(piece)) left.push_back(piece);  // another part of the block was fetched, or that failed
  }
  return FetchPieces(left, offset, out);
}

std::vector<CachedFile::Piece> CachedFile::SplitIntoPieces(uint64_t offset, size_t size, char* out) const {
  std::vector<Piece> pieces;
  while (size > 0) {
    const size_t begin = offset % kBlockBytes;
    const size_t taken = std::min(size, kBlockBytes - begin);
    pieces.push_back({.key = {digest_, static_cast<uint32_t>(offset / kBlockBytes)},
                      .begin = begin,
                      .size = taken,
                      .out = out,
                      .offset = offset});
    offset += taken;
    size -= taken;
    out += taken;
  }
  return pieces;
}

bool CachedFile::ReadFromDisk(const Piece& piece) const {
  if (!cache_->blocks_->Read(piece.key, piece.begin, piece.size, piece.out)) return false;
  Count(&ReadCounters::disk_bytes, piece.size);
  return true;
}

Status CachedFile::FetchPieces(const std::vector<Piece>& pieces, uint64_t offset, char* out) const {
  std::vector<ByteRange> wanted;
  for (const Piece& piece : pieces) wanted.push_back({piece.offset, piece.size});
  const std::vector<ByteRange> requests = PlanRequests(std::move(wanted), cache_->options_.ranges);
  // What lies between two of them is part of the same read: it comes to its own place, with what is there already.
  ARROW_RETURN_NOT_OK(
      ForEachConcurrently(requests.size(), cache_->options_.requests_in_flight_max, "store-read",
                          [&](size_t i) { return Fetch(requests[i], out + (requests[i].offset - offset)); }));
  if (!cache_->blocks_) return Status::OK();
  for (const Piece& piece : pieces) cache_->blocks_->Write(piece.key, piece.begin, {piece.out, piece.size});
  return Status::OK();
}

Status CachedFile::Fetch(const ByteRange& range, char* out) const {
  ARROW_ASSIGN_OR_RAISE(const ReadableFile* file, Opened());
  Count(&ReadCounters::requests, 1);
  Count(&ReadCounters::fetched_bytes, range.size);
  ARROW_ASSIGN_OR_RAISE(const size_t read, file->ReadAt(range.offset, range.size, out));
  if (read == range.size) return Status::OK();
  return Errorf(ErrorKind::kUnavailable, "the object {} is shorter than {} bytes", key_, size_);
}

Result<const ReadableFile*> CachedFile::Opened() const {
  const std::lock_guard lock(mutex_);
  if (!file_) {
    ARROW_ASSIGN_OR_RAISE(file_, store_->Open(key_, size_));
  }
  return file_.get();
}

void CachedFile::Count(std::atomic<int64_t> ReadCounters::*counter, uint64_t count) const {
  cache_->counters_.*counter += static_cast<int64_t>(count);
  if (counters_) (*counters_).*counter += static_cast<int64_t>(count);
}

}  // namespace gigapi
