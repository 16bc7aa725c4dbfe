#include "maintenance/tier_job.h"

#include "base/path.h"
#include "base/uuid.h"
#include "storage/file_copy.h"
#include "storage/hive_path.h"

namespace gigapi {

Result<DataFile> CopyToLayer(const DataFile& file, const LayerPtr& layer, int64_t now_ns,
                             const std::function<bool()>& is_stopping) {
  DataFile copy = file;
  copy.id = NewDataFileId();
  copy.layer = layer;
  copy.key = ParentOf(file.key) + '/' + ParquetFileName(NewUuid(), file.level);
  copy.node.clear();
  copy.oldest_in_layer_ns = copy.newest_in_layer_ns = now_ns;
  ARROW_ASSIGN_OR_RAISE(const auto out, layer->Create(copy.key));
  Status copied = CopyContent(file, out.get(), [&](int64_t) { return !is_stopping(); }).status();
  if (copied.ok()) copied = out->Commit();
  if (!copied.ok()) {
    (void)layer->Remove(copy.key);  // it may be there although the answer said otherwise
    return copied;
  }
  return copy;
}

}  // namespace gigapi
