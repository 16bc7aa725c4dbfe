#include "object_store/cache/block_cache.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/crc32c.h"
#include "base/temporary_file.h"

namespace gigapi {
namespace {

off_t PlaceOf(uint32_t slot) { return static_cast<off_t>(slot) * static_cast<off_t>(BlockCache::kBlockBytes); }

bool ReadFully(int descriptor, off_t place, size_t size, char* out) {
  while (size > 0) {
    const ssize_t read = ::pread(descriptor, out, size, place);
    if (read < 0 && errno == EINTR) continue;
    if (read <= 0) return false;
    out += read;
    place += read;
    size -= static_cast<size_t>(read);
  }
  return true;
}

bool WriteFully(int descriptor, off_t place, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(descriptor, bytes.data(), bytes.size(), place);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
    place += written;
  }
  return true;
}

}  // namespace

Result<std::unique_ptr<BlockCache>> BlockCache::Create(const std::string& directory, int64_t capacity_bytes) {
  const int64_t slots = capacity_bytes / static_cast<int64_t>(kBlockBytes);
  if (slots < 1 || slots >= UINT32_MAX) return Error(ErrorKind::kInvalidArgument, "a block cache has 64 KiB to 256 TiB");
  ARROW_ASSIGN_OR_RAISE(TemporaryFile file, TemporaryFile::Create(directory));
  return std::unique_ptr<BlockCache>(new BlockCache(file.Release(), static_cast<uint32_t>(slots)));
}

BlockCache::~BlockCache() { ::close(descriptor_); }

bool BlockCache::Read(const BlockKey& key, size_t offset, size_t size, char* out) {
  uint32_t slot = 0;
  Content content;
  {
    const std::lock_guard lock(mutex_);
    const auto found = index_.Find(key);
    if (!found) return false;
    slot = *found;
    content = contents_[slot];
    if (offset < content.offset || offset + size > content.offset + content.size) return false;
    index_.Pin(slot);
  }
  const bool is_good = ReadChecked(slot, content, offset, size, out);
  const std::lock_guard lock(mutex_);
  index_.Unpin(slot);
  // It may have been written anew while it was read: then what is there now is good.
  if (!is_good && contents_[slot].checksum == content.checksum) Forget(key, slot);
  return is_good;
}

bool BlockCache::ReadChecked(uint32_t slot, const Content& content, size_t offset, size_t size, char* out) const {
  if (offset == content.offset && size == content.size) {
    return ReadFully(descriptor_, PlaceOf(slot) + content.offset, size, out) && Crc32c({out, size}) == content.checksum;
  }
  thread_local std::unique_ptr<char[]> scratch(new char[kBlockBytes]);
  if (!ReadFully(descriptor_, PlaceOf(slot) + content.offset, content.size, scratch.get())) return false;
  if (Crc32c({scratch.get(), content.size}) != content.checksum) return false;
  std::memcpy(out, scratch.get() + (offset - content.offset), size);
  return true;
}

void BlockCache::Write(const BlockKey& key, size_t offset, std::string_view bytes) {
  uint32_t slot = 0;
  {
    const std::lock_guard lock(mutex_);
    const auto reserved = index_.Reserve(key);
    if (!reserved) return;
    slot = reserved->slot;
    if (reserved->is_new) contents_[slot].size = 0;
    if (index_.IsPinned(slot) || contents_[slot].size >= bytes.size()) return;
    contents_[slot].size = 0;
    index_.Pin(slot);
  }
  Store(slot, key, offset, bytes);
}

void BlockCache::Replace(const BlockKey& key, size_t offset, std::string_view bytes) {
  uint32_t slot = 0;
  {
    const std::lock_guard lock(mutex_);
    const auto reserved = index_.Reserve(key);
    if (!reserved) return;
    slot = reserved->slot;
    contents_[slot].size = 0;
    index_.Pin(slot);
  }
  Store(slot, key, offset, bytes);
}

void BlockCache::Store(uint32_t slot, const BlockKey& key, size_t offset, std::string_view bytes) {
  const bool is_written = WriteFully(descriptor_, PlaceOf(slot) + static_cast<off_t>(offset), bytes);
  const uint32_t checksum = Crc32c(bytes);
  const std::lock_guard lock(mutex_);
  index_.Unpin(slot);
  if (!is_written) return Forget(key, slot);
  contents_[slot] = {static_cast<uint32_t>(offset), static_cast<uint32_t>(bytes.size()), checksum};
}

void BlockCache::Forget(const BlockKey& key, uint32_t slot) {
  ++failures_;
  contents_[slot].size = 0;
  index_.Erase(key);
}

BlockCacheMetrics BlockCache::metrics() const {
  const std::lock_guard lock(mutex_);
  return {.blocks = static_cast<int64_t>(index_.size()), .evictions_total = index_.evictions(), .failures_total = failures_};
}

}  // namespace gigapi
