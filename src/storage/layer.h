// A layer: a place where data files may lie, GigAPI's "data layer". The catalog knows a file by the name of its layer and a
// key in it, never by a path; each node says in its settings where the layers are.
//
// A file's key has the form of hive_path.h in every layer.
//
// Thread-safe. Files hold their layer (DataFile::layer), so it lives as long as anybody may read them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "object_store/cache/read_cache.h"
#include "object_store/object_store.h"

namespace gigapi {

struct LayerOptions {
  std::string name = {};   // empty: the only layer, where none were named
  bool is_global = false;  // every node of the cluster reaches it
  int64_t ttl_ns = 0;      // how long files stay here, before they move on or are dropped; 0: for ever
  /// Set for a folder of a local disk.
  std::optional<std::string> local_directory = {};
};

class Layer {
 public:
  /// `cache` is what reads go through, and what is written is kept in; nullptr: files are read from the store itself.
  Layer(LayerOptions options, std::shared_ptr<ObjectStore> store, std::shared_ptr<ReadCache> cache)
      : options_(std::move(options)), store_(std::move(store)), cache_(std::move(cache)) {}

  const std::string& name() const { return options_.name; }
  bool is_global() const { return options_.is_global; }
  int64_t ttl_ns() const { return options_.ttl_ns; }
  /// The folder, of a layer on a local disk.
  const std::optional<std::string>& local_directory() const { return options_.local_directory; }
  ObjectStore* store() const { return store_.get(); }

  /// A new file; visible and durable when it is committed.
  Result<std::unique_ptr<ObjectWriter>> Create(const std::string& key) const {
    return cache_ ? cache_->Write(store_.get(), key) : store_->Create(key);
  }
  /// `size_bytes` as the catalog has it. What is fetched counts in `counters`, which may be nullptr.
  Result<std::shared_ptr<ReadableFile>> Open(const std::string& key, uint64_t size_bytes,
                                             std::shared_ptr<ReadCounters> counters) const {
    if (cache_) return cache_->Open(store_.get(), key, size_bytes, std::move(counters));
    return store_->Open(key, size_bytes);
  }
  Status Remove(const std::string& key) const { return store_->Remove(key); }

 private:
  const LayerOptions options_;
  const std::shared_ptr<ObjectStore> store_;
  const std::shared_ptr<ReadCache> cache_;
};

using LayerPtr = std::shared_ptr<const Layer>;

/// A local layer of this name on another node, for reading; empty: other nodes' are out of reach. Answers the same object
/// for the same two. Thread-safe.
using FindPeerLayer = std::function<LayerPtr(const Layer& own, const std::string& node)>;

/// A folder of a local disk as the only layer; `fs` must outlive it.
LayerPtr MakeLocalLayer(FileSystem* fs, std::string directory, LayerOptions options = {});

/// nullptr when there is none of the name. An only layer without a name is the one of any name: a root is read with or
/// without the settings that it was written with; files that have left it are then missed.
LayerPtr FindLayer(const std::vector<LayerPtr>& layers, std::string_view name);

}  // namespace gigapi
