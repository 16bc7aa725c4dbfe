#include "catalog/checkpoint_writer.h"

#include <algorithm>
#include <optional>

#include "base/crc32c.h"
#include "base/log.h"
#include "base/parallel.h"
#include "base/uuid.h"
#include "catalog/catalog_listing.h"

namespace gigapi {
namespace {

/// Of fewer objects each is asked for at a start.
constexpr size_t kObjectsMin = 64;
/// A part is written anew when one in so many of its objects is not as it has it.
constexpr size_t kChangedShare = 16;
/// Nobody waits for it.
constexpr size_t kReadThreads = 4;

uint32_t ChecksumOf(const CheckpointRange& range) {
  uint32_t checksum = 0;
  for (const ObjectInfo& object : range.there) checksum = Crc32c(object.version, Crc32c(object.key, checksum));
  return checksum;
}

size_t CountCurrent(const CheckpointRange& range, const std::vector<CheckpointEntry>& entries) {
  return static_cast<size_t>(
      std::ranges::count_if(range.there, [&](const ObjectInfo& object) { return FindCurrent(entries, object) != nullptr; }));
}

/// Objects that the part does not have as they are, and what it has that is gone.
size_t CountChanged(const CheckpointRange& range, const std::vector<CheckpointEntry>& entries) {
  const size_t current = CountCurrent(range, entries);
  return range.there.size() - current + (entries.size() - current);
}

}  // namespace

Status CheckpointWriter::Write(const std::function<bool()>& is_cancelled) {
  const std::lock_guard lock(mutex_);
  ARROW_ASSIGN_OR_RAISE(const CheckpointParts parts, ListCheckpointParts(store_));
  ARROW_ASSIGN_OR_RAISE(auto objects, ListCatalog(store_, parts.begins, is_cancelled));
  const bool has_versions = std::ranges::none_of(objects, [](const ObjectInfo& object) { return object.version.empty(); });
  if (objects.size() < kObjectsMin || !has_versions) objects.clear();
  const auto ranges = CutIntoParts(std::move(objects));
  const auto is_part = [&](const std::string& begin) {
    return begin.empty() ? parts.has_first : std::ranges::binary_search(parts.begins, begin);
  };
  std::map<std::string, uint32_t> checksums;
  for (const CheckpointRange& range : ranges) {
    if (is_cancelled()) return Error(ErrorKind::kCancelled, "cancelled");
    const uint32_t checksum = ChecksumOf(range);
    const auto known = checksums_.find(range.begin);
    const bool is_known = is_part(range.begin) && known != checksums_.end() && known->second == checksum;
    if (!is_known) ARROW_RETURN_NOT_OK(WritePart(range, is_cancelled));
    checksums.emplace(range.begin, checksum);
  }
  for (const std::string& begin : parts.begins) {
    if (is_part(begin) && !checksums.contains(begin)) ARROW_RETURN_NOT_OK(RemovePart(begin));
  }
  checksums_ = std::move(checksums);
  return Status::OK();
}

/// Nodes of a newer version may cut the catalog in another way.
Status CheckpointWriter::RemovePart(const std::string& begin) {
  const std::string key = CheckpointPartKey(begin);
  const auto found = store_->Get(key);
  if (!found.ok()) return KindOf(found.status()) == ErrorKind::kNotFound ? Status::OK() : found.status();
  const bool is_newer = KindOf(DecodeCheckpointPart(found->content).status()) == ErrorKind::kUnsupported;
  return is_newer ? Status::OK() : store_->Remove(key);
}

Status CheckpointWriter::WritePart(const CheckpointRange& range, const std::function<bool()>& is_cancelled) {
  const std::string key = CheckpointPartKey(range.begin);
  const auto found = store_->Get(key);
  if (!found.ok() && KindOf(found.status()) != ErrorKind::kNotFound) return found.status();
  std::vector<CheckpointEntry> entries;
  if (found.ok()) {
    auto decoded = DecodeCheckpointPart(found->content);
    // Nodes of a newer version keep it.
    if (!decoded.ok() && KindOf(decoded.status()) == ErrorKind::kUnsupported) return Status::OK();
    if (decoded.ok()) entries = *std::move(decoded);
    const size_t changed = CountChanged(range, entries);
    if (changed == 0 || changed * kChangedShare < range.there.size()) return Status::OK();
  }
  ARROW_ASSIGN_OR_RAISE(entries, ReadChanged(range, std::move(entries), is_cancelled));
  const std::string part = EncodeCheckpointPart(entries, NewUuid());
  const auto put = found.ok() ? store_->PutIfVersion(key, part, found->version) : store_->PutIfAbsent(key, part);
  if (!put.ok() && KindOf(put.status()) != ErrorKind::kConflict) return put.status();  // else another node has written it
  LOG_DEBUG("wrote a part of the catalog's checkpoint", "part={} objects={} bytes={}", key, entries.size(), part.size());
  return Status::OK();
}

Result<std::vector<CheckpointEntry>> CheckpointWriter::ReadChanged(const CheckpointRange& range,
                                                                   std::vector<CheckpointEntry> known,
                                                                   const std::function<bool()>& is_cancelled) {
  std::vector<std::optional<CheckpointEntry>> read(range.there.size());
  ARROW_RETURN_NOT_OK(ForEachConcurrently(read.size(), kReadThreads, "checkpoint", [&](size_t i) -> Status {
    const ObjectInfo& object = range.there[i];
    if (const CheckpointEntry* current = FindCurrent(known, object)) {
      read[i] = *current;
      return Status::OK();
    }
    if (is_cancelled()) return Error(ErrorKind::kCancelled, "cancelled");
    auto found = store_->Get(object.key);
    if (!found.ok()) return KindOf(found.status()) == ErrorKind::kNotFound ? Status::OK() : found.status();
    read[i] = {.key = object.key, .version = std::move(found->version), .content = std::move(found->content)};
    return Status::OK();
  }));
  std::vector<CheckpointEntry> entries;
  for (auto& entry : read) {
    if (entry) entries.push_back(*std::move(entry));
  }
  return entries;
}

}  // namespace gigapi
