// Where a node's data lies, opened as the settings say: the layers, the cache that buckets are read through, and the catalog
// that nodes share.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/settings.h"
#include "base/error.h"
#include "object_store/change_feed.h"
#include "storage/layer.h"

namespace gigapi {

struct NodeStorage {
  std::vector<LayerPtr> layers;
  std::shared_ptr<ReadCache> cache;             // nullptr: no layer needs one
  std::shared_ptr<ObjectStore> shared_catalog;  // nullptr: the node has its lake alone
  std::shared_ptr<ChangeFeed> catalog_feed;     // nullptr: the catalog lies in a layer
};

/// Asks every layer whether it answers: one that does not is an error that says why.
Result<NodeStorage> OpenNodeStorage(const Settings& settings);

/// Puts and removes a small object in each bucket that a node of this mode writes to, so that keys which only read are
/// refused at start and not by the first flush. A folder is tried when it is opened.
Status ProbeWrites(const std::string& mode, const NodeStorage& storage);

/// kInvalidArgument where two layers are one bucket under two addresses. Marks the buckets that a node of this mode writes
/// to.
Status CheckPlaces(const std::string& mode, const NodeStorage& storage);

/// Whether each layer and the catalog answer.
Status ProbeStorage(const NodeStorage& storage);

/// Where the catalog's metadata lies: in that which nodes share, or in the first layer.
std::shared_ptr<ObjectStore> CatalogStoreOf(const NodeStorage& storage);

}  // namespace gigapi
