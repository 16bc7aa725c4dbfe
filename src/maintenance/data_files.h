// Lists the data files of a layer, whoever names them.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/catalog_key.h"
#include "lake/lake.h"

namespace gigapi {

/// By layer and key; refers to the files of the partitions.
using KnownFiles = std::set<std::pair<const Layer*, std::string_view>>;
KnownFiles KnownFilesOf(const std::vector<const PartitionFiles*>& partitions);

/// Calls `use` with each file below a prefix, and the hour it lies in, until it answers false. kCancelled when
/// `is_stopping`.
using UseDataFile = std::function<bool(const ObjectInfo&, const CatalogKey&)>;
Status ForEachDataFile(const Layer& layer, const std::string& prefix, const std::function<bool()>& is_stopping,
                       const UseDataFile& use);

}  // namespace gigapi
