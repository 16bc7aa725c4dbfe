#include "storage/layer.h"

#include <algorithm>

#include "object_store/local_store.h"

namespace gigapi {

LayerPtr MakeLocalLayer(FileSystem* fs, std::string directory, LayerOptions options) {
  while (directory.size() > 1 && directory.ends_with('/')) directory.pop_back();
  options.local_directory = directory;
  return std::make_shared<const Layer>(std::move(options), MakeLocalStore(fs, std::move(directory)), nullptr);
}

LayerPtr FindLayer(const std::vector<LayerPtr>& layers, std::string_view name) {
  if (layers.size() == 1 && layers.front()->name().empty()) return layers.front();
  const auto found =
      std::find_if(layers.begin(), layers.end(), [&](const LayerPtr& layer) { return layer->name() == name; });
  return found == layers.end() ? nullptr : *found;
}

}  // namespace gigapi
