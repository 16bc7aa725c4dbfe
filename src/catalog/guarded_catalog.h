// Keeps a shared catalog that was lost from being taken for a new one: a Redis that was emptied would else be an empty lake,
// in which hours begin anew while their files still lie in the layers.
//
// The object `.gigapi/catalog` (catalog_marker.h) stands for a catalog that is whole. It is made with the first start on an
// empty lake, and kept for ever; a catalog that is being rebuilt or restored has it in another state. While it is not there,
// nothing is loaded and nothing new is made: kUnavailable, with what to do. Rows wait in logs meanwhile.
#pragma once

#include <memory>
#include <vector>

#include "catalog/catalog.h"
#include "catalog/catalog_marker.h"
#include "object_store/object_store.h"

namespace gigapi {

/// `catalog` lies in `store`; `layers` are those that this node reaches.
std::unique_ptr<Catalog> MakeGuardedCatalog(std::unique_ptr<Catalog> catalog, std::shared_ptr<ObjectStore> store,
                                            std::vector<LayerPtr> layers);

/// OK for a catalog that is whole, and for a new one, which has the marker then; else why it is not loaded.
Status CheckOrMarkCatalog(ObjectStore* store, const std::vector<LayerPtr>& layers);
/// Whether nodes have ever shared a catalog here, whatever has become of it.
Result<bool> HasCatalogMarker(ObjectStore* store);

/// Before a catalog is rebuilt, if it is not whole: no node starts until EndRebuild. Answers whether it was whole; kConflict
/// for one that is being restored.
Result<bool> BeginRebuild(ObjectStore* store);
/// The catalog is whole. kConflict for one that is being restored.
Status EndRebuild(ObjectStore* store);

}  // namespace gigapi
