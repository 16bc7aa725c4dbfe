// What the settings of layers say about where data and catalog lie. Pure, but for a look at links of the disk.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "app/settings.h"
#include "base/error.h"
#include "object_store/store_url.h"

namespace gigapi {

/// A folder, of a disk of this machine or of one that several machines mount; not a bucket.
bool IsFolder(const LayerSettings& layer);

/// What a layer's type says about its address; nullopt: no such type.
std::optional<StoreKind> KindOfType(std::string_view type);

/// The type of a layer that has none, as its address says; empty: it has no address.
std::string TypeOfUrl(std::string_view url);

/// The folder that file:///data or a path names. Messages never repeat the address: it may have credentials.
Result<std::string> FolderOfUrl(std::string_view url);

/// Equal for two layers whose addresses lead to one place, by whatever links and however they are asked; empty: the address
/// is none. Two names of one host are not known as such (CheckPlaces finds them), but for Amazon's, where a bucket's name is
/// enough.
std::string PlaceOfLayer(const LayerSettings& layer);

/// The layer that has the catalog of several nodes where there is no Redis: the first bucket that is global, else the first
/// layer if it is a bucket, else the first folder that is global. nullopt: the node has its lake alone, as one that runs all
/// parts has where that folder is its root; GigAPI calls its only folder global by default.
std::optional<size_t> SharedCatalogLayer(const Settings& settings);

}  // namespace gigapi
