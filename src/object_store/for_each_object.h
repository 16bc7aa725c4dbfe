// Lists that are longer than a page.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "object_store/object_store.h"

namespace gigapi {

/// Calls `use`, which takes an ObjectInfo&& and answers a Status, with each object under a prefix in the order of keys, page
/// by page, until it fails.
template <typename Use>
Status ForEachObject(ObjectStore* store, const std::string& prefix, const Use& use) {
  std::string start_after;
  do {
    ARROW_ASSIGN_OR_RAISE(ObjectPage page, store->List(prefix, start_after, SIZE_MAX));
    for (ObjectInfo& object : page.objects) ARROW_RETURN_NOT_OK(use(std::move(object)));
    start_after = std::move(page.next_start_after);
  } while (!start_after.empty());
  return Status::OK();
}

}  // namespace gigapi
