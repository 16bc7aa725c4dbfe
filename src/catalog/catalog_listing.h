// What lies in the store of a shared catalog, and what its checkpoint (catalog_checkpoint.h) has of it. The files of a layer
// may lie between the catalog's own objects, a hundred for each, and the store lists them too: ranges of keys, which the
// checkpoint tells, can be listed at once. Functions may be called from any thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "catalog/catalog_checkpoint.h"
#include "object_store/object_store.h"

namespace gigapi {

struct CheckpointParts {
  /// Keys where parts begin, in their order. The first is empty, whether there is a part of it or not.
  std::vector<std::string> begins;
  bool has_first = false;  // there is
};
Result<CheckpointParts> ListCheckpointParts(ObjectStore* store);

/// The most keys that a store lists at once.
inline constexpr size_t kListedKeysMax = 1'000;

/// Keys from `begin` up to `end`, without it; an empty end: all that follow.
struct ListedRange {
  std::string begin;
  std::string end;
  /// About as many are to be read for it. Wrong, it costs requests or listed keys alone.
  size_t keys = kListedKeysMax;
};

/// An object of the catalog and, of an hour, how many data files are likely to lie beside it.
struct ExpectedObject {
  std::string key;
  size_t files = 0;
};

/// Cuts a range where these objects lie, in the order of keys, into such as are listed with one request each. Those that
/// are not the catalog's or lie outside count for nothing. Pure.
std::vector<ListedRange> CutIntoLists(const std::string& begin, const std::string& end,
                                      const std::vector<ExpectedObject>& objects);

/// The catalog's objects of a range. kCancelled when it is asked for, which it is before each request.
Result<std::vector<ObjectInfo>> ListCatalogRange(ObjectStore* store, const ListedRange& range,
                                                 const std::function<bool()>& is_cancelled);

/// All of the catalog's objects in the order of keys, listed between these keys at once.
Result<std::vector<ObjectInfo>> ListCatalog(ObjectStore* store, const std::vector<std::string>& begins,
                                            const std::function<bool()>& is_cancelled);

/// What the checkpoint has of a range, in the order of keys; nothing when it cannot be read.
UnpackedCheckpointPart ReadCheckpointPart(ObjectStore* store, const std::string& begin);

/// The entry of this object as it is now; nullptr when the checkpoint does not have it. The entries are in the order of
/// keys.
const CheckpointEntry* FindCurrent(const std::vector<CheckpointEntry>& entries, const ObjectInfo& object);

}  // namespace gigapi
