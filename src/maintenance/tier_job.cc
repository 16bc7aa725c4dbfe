#include "maintenance/tier_job.h"

#include <algorithm>

#include "base/path.h"
#include "base/uuid.h"
#include "storage/hive_path.h"

namespace gigapi {
namespace {

constexpr uint64_t kPieceBytes = 4 << 20;

Status Copy(const DataFile& file, ObjectWriter* out, const std::function<bool()>& is_stopping) {
  ARROW_ASSIGN_OR_RAISE(const auto in, OpenDataFile(file));
  const auto size = static_cast<uint64_t>(file.size_bytes);
  std::string piece;
  for (uint64_t offset = 0; offset < size; offset += piece.size()) {
    if (is_stopping()) return Error(ErrorKind::kCancelled, "stopping");
    piece.resize(std::min(kPieceBytes, size - offset));
    ARROW_ASSIGN_OR_RAISE(const size_t read, in->ReadAt(offset, piece.size(), piece.data()));
    if (read != piece.size()) return Errorf(ErrorKind::kInternal, "{} ends after {} bytes", file.key, offset + read);
    ARROW_RETURN_NOT_OK(out->Append(piece));
  }
  return out->Commit();
}

}  // namespace

Result<DataFile> CopyToLayer(const DataFile& file, const LayerPtr& layer, int64_t now_ns,
                             const std::function<bool()>& is_stopping) {
  DataFile copy = file;
  copy.id = NewDataFileId();
  copy.layer = layer;
  copy.key = ParentOf(file.key) + '/' + ParquetFileName(NewUuid(), file.level);
  copy.node.clear();
  copy.oldest_in_layer_ns = copy.newest_in_layer_ns = now_ns;
  ARROW_ASSIGN_OR_RAISE(const auto out, layer->Create(copy.key));
  const Status copied = Copy(file, out.get(), is_stopping);
  if (!copied.ok()) {
    (void)layer->Remove(copy.key);  // it may be there although the answer said otherwise
    return copied;
  }
  return copy;
}

}  // namespace gigapi
