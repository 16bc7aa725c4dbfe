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

/// Room for one block.
char* Scratch() {
  thread_local const std::unique_ptr<char[]> scratch(new char[BlockCache::kBlockBytes]);
  return scratch.get();
}

BlockRun RunOf(size_t offset, std::string_view bytes) {
  return {.offset = static_cast<uint32_t>(offset), .size = static_cast<uint32_t>(bytes.size()), .checksum = Crc32c(bytes)};
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
  std::vector<BlockRun> runs;
  {
    const std::lock_guard lock(mutex_);
    const auto found = index_.Find(key);
    if (!found) return false;
    slot = *found;
    runs = runs_[slot].Cover(offset, size);
    if (runs.empty()) return false;
    index_.Pin(slot);
  }
  const auto damaged = std::ranges::find_if(runs, [&](const BlockRun& run) {
    const size_t begin = std::max<size_t>(offset, run.offset);
    const size_t end = std::min<size_t>(offset + size, run.end());
    return !ReadFrom(slot, run, begin, end - begin, out + (begin - offset));
  });
  const std::lock_guard lock(mutex_);
  index_.Unpin(slot);
  if (damaged == runs.end()) return true;
  Forget(key, slot, *damaged);
  return false;
}

bool BlockCache::ReadFrom(uint32_t slot, const BlockRun& run, size_t offset, size_t size, char* out) const {
  if (offset == run.offset && size == run.size) return ReadRun(slot, run, out);
  char* const scratch = Scratch();
  if (!ReadRun(slot, run, scratch)) return false;
  std::memcpy(out, scratch + (offset - run.offset), size);
  return true;
}

bool BlockCache::ReadRun(uint32_t slot, const BlockRun& run, char* out) const {
  return ReadFully(descriptor_, PlaceOf(slot) + run.offset, run.size, out) && Crc32c({out, run.size}) == run.checksum;
}

void BlockCache::Write(const BlockKey& key, size_t offset, std::string_view bytes) {
  uint32_t slot = 0;
  std::vector<BlockRun> touching;
  {
    const std::lock_guard lock(mutex_);
    const auto reserved = index_.Reserve(key);
    if (!reserved) return;
    slot = reserved->slot;
    if (reserved->is_new) runs_[slot].Clear();
    if (!runs_[slot].Cover(offset, bytes.size()).empty()) return;
    touching = runs_[slot].Touching(offset, bytes.size());
    index_.Pin(slot);
  }
  const auto joined = touching.empty() ? std::nullopt : Join(key, slot, touching, offset, bytes);
  Store(key, slot, joined ? *joined : RunOf(offset, bytes), offset, bytes);
}

/// The run of new bytes and those that they touch, with a checksum of what was read and found good: damage is never sealed
/// by a checksum of its own. nullopt: one is damaged, so they are not joined.
std::optional<BlockRun> BlockCache::Join(const BlockKey& key, uint32_t slot, const std::vector<BlockRun>& touching,
                                         size_t offset, std::string_view bytes) {
  char* const block = Scratch();
  size_t begin = offset;
  size_t end = offset + bytes.size();
  for (const BlockRun& run : touching) {
    if (!ReadRun(slot, run, block + run.offset)) {
      const std::lock_guard lock(mutex_);
      Forget(key, slot, run);
      return std::nullopt;
    }
    begin = std::min<size_t>(begin, run.offset);
    end = std::max<size_t>(end, run.end());
  }
  std::memcpy(block + offset, bytes.data(), bytes.size());
  return RunOf(begin, {block + begin, end - begin});
}

void BlockCache::Replace(const BlockKey& key, size_t offset, std::string_view bytes) {
  uint32_t slot = 0;
  {
    const std::lock_guard lock(mutex_);
    const auto reserved = index_.Reserve(key);
    if (!reserved) return;
    slot = reserved->slot;
    runs_[slot].Clear();
    index_.Pin(slot);
  }
  Store(key, slot, RunOf(offset, bytes), offset, bytes);
}

void BlockCache::Store(const BlockKey& key, uint32_t slot, const BlockRun& run, size_t offset, std::string_view bytes) {
  const bool is_written = WriteFully(descriptor_, PlaceOf(slot) + static_cast<off_t>(offset), bytes);
  const std::lock_guard lock(mutex_);
  index_.Unpin(slot);
  if (is_written) runs_[slot].Add(run);
  else Forget(key, slot, run);
}

void BlockCache::Forget(const BlockKey& key, uint32_t slot, const BlockRun& run) {
  ++failures_;
  runs_[slot].Remove(run);
  if (runs_[slot].empty()) index_.Erase(key);
}

BlockCacheMetrics BlockCache::metrics() const {
  const std::lock_guard lock(mutex_);
  return {.blocks = static_cast<int64_t>(index_.size()), .evictions_total = index_.evictions(), .failures_total = failures_};
}

}  // namespace gigapi
