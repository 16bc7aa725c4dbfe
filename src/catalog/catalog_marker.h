// The object that says of a shared catalog whether it is whole (guarded_catalog.h).
#pragma once

#include <string>
#include <string_view>

#include "object_store/object_store.h"

namespace gigapi {

inline constexpr std::string_view kCatalogMarkerKey = ".gigapi/catalog";

enum class CatalogMarker {
  kNone,        // there is none
  kUnfinished,  // it is being rebuilt
  kRestoring,
  kWhole,
};

struct VersionedMarker {
  CatalogMarker state = CatalogMarker::kNone;
  std::string owner = {};    // of kRestoring: who is at it, or was (base/process_identity.h)
  std::string content = {};  // no two puts have the same
  std::string version = {};
};

Result<VersionedMarker> ReadCatalogMarker(ObjectStore* store);

/// What is put next; not of kNone.
std::string CatalogMarkerContent(CatalogMarker state, const std::string& owner = {});
/// Puts it in the place of `old`. kConflict: certainly not, something else is there. Any other failure does not tell.
Result<VersionedMarker> ReplaceCatalogMarker(ObjectStore* store, const VersionedMarker& old, std::string content);

}  // namespace gigapi
