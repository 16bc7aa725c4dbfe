#include "app/node_storage.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <thread>

#include "app/layer_places.h"
#include "base/clock.h"
#include "base/log.h"
#include "catalog/guarded_catalog.h"
#include "lake/catalog_lock.h"
#include "object_store/open_store.h"
#include "object_store/redis/redis_store.h"
#include "object_store/s3_store.h"
#include "storage/place_mark.h"

namespace gigapi {
namespace {

constexpr char kPrivatePrefix[] = ".gigapi/";
constexpr char kBehindPrivate[] = ".gigapi0";  // sorts behind every key under it
constexpr int64_t kFolderWaitNanosMax = 10 * kNanosPerSecond;
constexpr std::chrono::milliseconds kFolderInterval{5};

/// "In layer x: " before what went wrong, which keeps its kind.
Status InLayer(const LayerSettings& layer, const Status& status) {
  return status.ok() ? status : Errorf(KindOf(status), "layer '{}': {}", layer.name, status.message());
}

Result<LayerPtr> OpenLayer(const LayerSettings& settings, const std::shared_ptr<ReadCache>& cache) {
  LayerOptions options{.name = settings.name,
                       .is_global = settings.global,
                       .ttl_ns = settings.ttl_s * kNanosPerSecond,
                       .local_directory = {}};
  ARROW_ASSIGN_OR_RAISE(const StoreUrl url, ParseStoreUrl(AbsoluteStoreUrl(settings.url)));
  ARROW_ASSIGN_OR_RAISE(
      std::shared_ptr<ObjectStore> store,
      OpenStore(url, {.auth_key = settings.auth_key, .auth_secret = settings.auth_secret}, LocalFileSystem()));
  if (IsFolder(settings)) options.local_directory = url.path;
  // One that does not answer is asked for a while.
  LOG_INFO("opening a layer", "name={} store={}", settings.name, store->Describe());
  ARROW_RETURN_NOT_OK(store->Probe());
  LOG_INFO("opened a layer", "name={} store={} ttl_s={}", settings.name, store->Describe(), settings.ttl_s);
  return std::make_shared<const Layer>(std::move(options), std::move(store), IsFolder(settings) ? nullptr : cache);
}

Result<std::shared_ptr<ReadCache>> MakeCache(const Settings& settings) {
  return ReadCache::Create({.directory = std::filesystem::absolute(settings.root).string() + "/.gigapi/cache",
                            .disk_bytes_max = settings.cache_bytes_max,
                            .memory_bytes_max = settings.cache_memory_bytes_max});
}

/// A local layer that has a catalog of its own, from a time when it was the only one: its files would not be seen.
Status CheckNoOwnCatalog(const Layer& layer) {
  ARROW_ASSIGN_OR_RAISE(const auto page, layer.store()->List("", kBehindPrivate, 1'000));
  for (const ObjectInfo& object : page.objects) {
    if (!object.key.ends_with("/metadata.json")) continue;
    return Errorf(ErrorKind::kConflict,
                  "layer '{}' has a catalog of its own, but one that nodes share would be used and its files not be seen. "
                  "Leave `global` of the layers unset to go on with the local catalog",
                  layer.name());
  }
  return Status::OK();
}

/// Makes a folder the place of a catalog that nodes share, for ever. One that a process has alone is refused, and one that
/// is marked is refused to such a process (lake/catalog_lock.h).
Status ShareFolder(const Layer& layer, const std::vector<LayerPtr>& layers) {
  const int64_t deadline = SteadyNanos() + kFolderWaitNanosMax;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const bool is_marked, HasCatalogMarker(layer.store()));
    if (is_marked) return Status::OK();
    const auto lock = LockFolder(LocalFileSystem(), *layer.local_directory());
    if (lock.ok()) {
      ARROW_RETURN_NOT_OK(CheckNoOwnCatalog(layer));
      const Status marked = CheckOrMarkCatalog(layer.store(), layers);
      // A catalog that was lost is for `gigapi repair`, and the lake says so.
      return KindOf(marked) == ErrorKind::kUnavailable ? Status::OK() : marked;
    }
    // Another node may be at this very point, or a server have the folder alone.
    if (KindOf(lock.status()) != ErrorKind::kUnavailable || SteadyNanos() > deadline) return lock.status();
    std::this_thread::sleep_for(kFolderInterval);
  }
}

Status OpenRedis(const Settings& settings, NodeStorage* storage) {
  ARROW_ASSIGN_OR_RAISE(const RedisUrl url, ParseRedisUrl(settings.metadata_url));
  ARROW_ASSIGN_OR_RAISE(storage->shared_catalog, MakeRedisStore(url, {}));
  LOG_INFO("opening the catalog", "store={}", storage->shared_catalog->Describe());
  const Status answers = storage->shared_catalog->Probe();
  if (!answers.ok()) return Errorf(KindOf(answers), "metadata_url: {}", answers.message());
  ARROW_ASSIGN_OR_RAISE(storage->catalog_feed, MakeRedisFeed(url, {}));
  const auto advice = RedisAdvice(url, {});
  if (advice.ok()) {
    for (const std::string& sentence : *advice) LOG_WARN("redis", "advice=\"{}\"", sentence);
  }
  LOG_INFO("opened the catalog", "store={}", storage->shared_catalog->Describe());
  return Status::OK();
}

Status OpenLayers(const Settings& settings, NodeStorage* storage) {
  if (settings.layers.empty()) {
    storage->layers.push_back(MakeLocalLayer(LocalFileSystem(), AbsoluteStoreUrl(settings.root)));
    return Status::OK();
  }
  if (!std::ranges::all_of(settings.layers, IsFolder)) {
    ARROW_ASSIGN_OR_RAISE(storage->cache, MakeCache(settings));
  }
  for (const LayerSettings& layer : settings.layers) {
    auto opened = OpenLayer(layer, storage->cache);
    if (!opened.ok()) return InLayer(layer, opened.status());
    storage->layers.push_back(*std::move(opened));
  }
  return Status::OK();
}

/// How many of the layers a node of this mode writes to: one that only takes rows flushes to the first, the others move
/// files to all of them.
size_t WrittenLayers(const std::string& mode, const NodeStorage& storage) {
  if (mode == "readonly") return 0;
  return mode == "writeonly" ? 1 : storage.layers.size();
}

}  // namespace

Result<NodeStorage> OpenNodeStorage(const Settings& settings) {
  NodeStorage storage;
  ARROW_RETURN_NOT_OK(OpenLayers(settings, &storage));
  if (settings.metadata_type == "redis") {
    ARROW_RETURN_NOT_OK(OpenRedis(settings, &storage));
  } else if (const auto catalog = SharedCatalogLayer(settings)) {
    const LayerPtr& layer = storage.layers[*catalog];
    ARROW_RETURN_NOT_OK(InLayer(settings.layers[*catalog], VerifyConditionalPuts(layer->store(), kPrivatePrefix)));
    if (layer->local_directory()) {
      ARROW_RETURN_NOT_OK(InLayer(settings.layers[*catalog], ShareFolder(*layer, storage.layers)));
    }
    storage.shared_catalog = std::shared_ptr<ObjectStore>(layer, layer->store());
  } else {
    return storage;
  }
  for (const LayerPtr& each : storage.layers) {
    const bool has_catalog = each->store() == storage.shared_catalog.get();
    if (each->local_directory() && !has_catalog) ARROW_RETURN_NOT_OK(CheckNoOwnCatalog(*each));
  }
  return storage;
}

Status ProbeWrites(const std::string& mode, const NodeStorage& storage) {
  for (size_t i = 0; i < WrittenLayers(mode, storage); ++i) {
    const Layer& layer = *storage.layers[i];
    if (layer.local_directory()) continue;
    const std::string key = std::string(kPrivatePrefix) + "probe";
    Status tried = PutObject(layer.store(), key, "");
    if (tried.ok()) tried = layer.store()->Remove(key);
    if (!tried.ok()) {
      return Errorf(KindOf(tried), "layer '{}' cannot be written to, as mode {} wants: {}", layer.name(), mode,
                    tried.message());
    }
  }
  return Status::OK();
}

Status CheckPlaces(const std::string& mode, const NodeStorage& storage) {
  std::map<std::string, std::string> name_of_place;
  for (size_t i = 0; i < storage.layers.size(); ++i) {
    const Layer& layer = *storage.layers[i];
    if (layer.local_directory()) continue;
    ARROW_ASSIGN_OR_RAISE(const std::string id, PlaceIdOf(layer.store(), i < WrittenLayers(mode, storage)));
    const auto [other, is_new] = name_of_place.emplace(id, layer.name());
    if (id.empty() || is_new) continue;
    return Errorf(
        ErrorKind::kInvalidArgument,
        "layers '{}' and '{}' are one place: a file that moved from one to the other would be removed from both. (If "
        "one is a copy of the other, remove {} from it.)",
        other->second, layer.name(), kPlaceMarkKey);
  }
  return Status::OK();
}

Status ProbeStorage(const NodeStorage& storage) {
  for (const LayerPtr& layer : storage.layers) ARROW_RETURN_NOT_OK(layer->store()->Probe());
  return CatalogStoreOf(storage)->Probe();
}

std::shared_ptr<ObjectStore> CatalogStoreOf(const NodeStorage& storage) {
  if (storage.shared_catalog) return storage.shared_catalog;
  const LayerPtr& first = storage.layers.front();
  return {first, first->store()};
}

}  // namespace gigapi
