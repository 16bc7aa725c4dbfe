#include "catalog/catalog_marker.h"

#include <utility>

#include "base/uuid.h"

namespace gigapi {
namespace {

const std::string kMarkerKey(kCatalogMarkerKey);
constexpr std::string_view kWhole = "whole ";
constexpr std::string_view kUnfinished = "unfinished ";
constexpr std::string_view kRestoring = "restoring ";

/// "state unique owner".
VersionedMarker Parse(std::string content, std::string version) {
  VersionedMarker marker{.state = CatalogMarker::kUnfinished};
  if (content.starts_with(kWhole)) marker.state = CatalogMarker::kWhole;
  if (content.starts_with(kRestoring)) {
    marker.state = CatalogMarker::kRestoring;
    const size_t space = content.find(' ', kRestoring.size());
    if (space != std::string::npos) marker.owner = content.substr(space + 1);
  }
  marker.content = std::move(content);
  marker.version = std::move(version);
  return marker;
}

}  // namespace

Result<VersionedMarker> ReadCatalogMarker(ObjectStore* store) {
  auto found = store->Get(kMarkerKey);
  if (!found.ok() && KindOf(found.status()) == ErrorKind::kNotFound) return VersionedMarker{};
  ARROW_RETURN_NOT_OK(found.status());
  return Parse(std::move(found->content), std::move(found->version));
}

std::string CatalogMarkerContent(CatalogMarker state, const std::string& owner) {
  if (state == CatalogMarker::kRestoring) return std::string(kRestoring) + NewUuid() + (owner.empty() ? "" : " " + owner);
  return std::string(state == CatalogMarker::kWhole ? kWhole : kUnfinished) + NewUuid();
}

Result<VersionedMarker> ReplaceCatalogMarker(ObjectStore* store, const VersionedMarker& old, std::string content) {
  auto version = old.state == CatalogMarker::kNone ? store->PutIfAbsent(kMarkerKey, content)
                                                   : store->PutIfVersion(kMarkerKey, content, old.version);
  ARROW_RETURN_NOT_OK(version.status());
  return Parse(std::move(content), *std::move(version));
}

}  // namespace gigapi
