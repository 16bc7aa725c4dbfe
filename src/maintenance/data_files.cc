#include "maintenance/data_files.h"

#include "base/path.h"
#include "storage/hive_path.h"

namespace gigapi {

KnownFiles KnownFilesOf(const std::vector<const PartitionFiles*>& partitions) {
  KnownFiles known;
  for (const PartitionFiles* partition : partitions) {
    for (const DataFilePtr& file : partition->files) known.emplace(file->layer.get(), file->key);
  }
  return known;
}

Status ForEachDataFile(const Layer& layer, const std::string& prefix, const std::function<bool()>& is_stopping,
                       const UseDataFile& use) {
  std::string start_after;
  do {
    if (is_stopping()) return Error(ErrorKind::kCancelled, "stopping");
    ARROW_ASSIGN_OR_RAISE(ObjectPage page, layer.store()->List(prefix, start_after, SIZE_MAX));
    for (const ObjectInfo& object : page.objects) {
      if (!LevelOfFileName(NameOf(object.key))) continue;
      const auto key = ParseCatalogKey(MetadataKey(ParentOf(object.key)));
      if (key && key->partition && !use(object, *key)) return Status::OK();
    }
    start_after = std::move(page.next_start_after);
  } while (!start_after.empty());
  return Status::OK();
}

}  // namespace gigapi
