#include "maintenance/tier_job.h"

#include "base/path.h"
#include "base/uuid.h"
#include "storage/file_copy.h"
#include "storage/hive_path.h"

namespace gigapi {
namespace {

using OnPiece = std::function<bool(int64_t)>;

/// Reads back what a local disk has got: it compares no checksum, as the other stores do.
Status CheckArrived(const DataFile& copy, uint32_t crc32c, const OnPiece& on_piece) {
  ARROW_ASSIGN_OR_RAISE(const auto arrived, copy.layer->store()->Open(copy.key, std::nullopt));
  if (static_cast<int64_t>(arrived->size()) == copy.size_bytes) {
    ARROW_ASSIGN_OR_RAISE(const uint32_t arrived_crc32c, ReadChecksum(*arrived, copy.key, on_piece));
    if (arrived_crc32c == crc32c) return Status::OK();
  }
  return Errorf(ErrorKind::kUnavailable, "{} in layer '{}' is not what was written", copy.key, copy.layer->name());
}

/// Around the cache: what is old enough to move shall not take the place of what queries read.
Status WriteCopy(const DataFile& file, const DataFile& copy, const OnPiece& on_piece) {
  ARROW_ASSIGN_OR_RAISE(const auto out, copy.layer->store()->Create(copy.key));
  ARROW_ASSIGN_OR_RAISE(const uint32_t crc32c, CopyContent(file, out.get(), on_piece));
  ARROW_RETURN_NOT_OK(out->Commit());
  return copy.layer->local_directory() ? CheckArrived(copy, crc32c, on_piece) : Status::OK();
}

}  // namespace

Result<DataFile> CopyToLayer(const DataFile& file, const LayerPtr& layer, int64_t now_ns,
                             const std::function<bool()>& is_stopping, const std::function<void(const DataFile&)>& give_up) {
  DataFile copy = file;
  copy.id = NewDataFileId();
  copy.layer = layer;
  copy.key = ParentOf(file.key) + '/' + ParquetFileName(NewUuid(), file.level);
  copy.node.clear();
  copy.oldest_in_layer_ns = copy.newest_in_layer_ns = now_ns;
  const Status copied = WriteCopy(file, copy, [&](int64_t) { return !is_stopping(); });
  if (!copied.ok()) {
    if (KindOf(copied) != ErrorKind::kCancelled) give_up(copy);
    return copied;
  }
  return copy;
}

}  // namespace gigapi
