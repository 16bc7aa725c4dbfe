#include "app/restore_target.h"

#include <filesystem>
#include <string>

#include "app/node_storage.h"
#include "backup/shared_restore_job.h"

namespace gigapi {
namespace {

/// Of a lake of one process, whose first layer is a folder that is its root too.
Result<std::string> RootOf(const Settings& settings, const std::vector<LayerPtr>& layers) {
  const auto normal = [](const std::string& path) {
    std::string text = std::filesystem::absolute(path).lexically_normal().string();
    while (text.size() > 1 && text.ends_with('/')) text.pop_back();
    return text;
  };
  if (settings.layers.empty() || normal(*layers.front()->local_directory()) == normal(settings.root)) return settings.root;
  return Errorf(ErrorKind::kUnsupported, "layer '{}' is a folder beside the root: name the root to be by --root",
                layers.front()->name());
}

}  // namespace

Status RestoreIntoLakeOf(const Settings& settings, const BackupManifest& manifest, OccupiedRoot occupied,
                         const BackupHooks& hooks) {
  Settings without_cache = settings;
  without_cache.cache_bytes_max = 0;
  ARROW_ASSIGN_OR_RAISE(const NodeStorage storage, OpenNodeStorage(without_cache));
  if (storage.shared_catalog) {
    const SharedRestoreTarget target{.catalog = storage.shared_catalog,
                                     .layers = storage.layers,
                                     .replace_existing = occupied == OccupiedRoot::kKeepBeside};
    return RunSharedRestore(manifest, target, hooks);
  }
  ARROW_ASSIGN_OR_RAISE(const std::string root, RootOf(settings, storage.layers));
  return RunRestore(manifest, {.root = root, .occupied = occupied}, hooks);
}

}  // namespace gigapi
