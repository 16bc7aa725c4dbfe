// The catalog as small objects of a store that several nodes share: a bucket, or Redis. The same files at the same places as
// those of json_catalog.h:
//
//   <db>/metadata.json                                    the database exists, also without a table
//   <db>/<table>/metadata.json                            its columns
//   <db>/<table>/date=YYYY-MM-DD/hour=HH/metadata.json    its files in an hour
//
// Each is replaced by a conditional put: of two nodes that change one at once, one is told so and begins again. Contents of
// many of them may be found together in a checkpoint (catalog_checkpoint.h).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "object_store/object_store.h"

namespace gigapi {

/// `store` has conditional puts (object_store/s3_store.h VerifyConditionalPuts). `layers` are all that files may lie in.
/// Told the key of each object that this node has changed, or may have.
using ChangeNote = std::function<void(const std::string& key)>;

/// `node` is this one's name; `note` and `find_peer_layer` may be empty.
std::unique_ptr<Catalog> MakeStoreCatalog(std::shared_ptr<ObjectStore> store, std::vector<LayerPtr> layers, std::string node,
                                          ChangeNote note, FindPeerLayer find_peer_layer = {});

}  // namespace gigapi
