#include "catalog/catalog_listing.h"

#include <algorithm>

#include "base/log.h"
#include "base/parallel.h"
#include "catalog/catalog_key.h"

namespace gigapi {
namespace {

/// They mostly wait for the store.
constexpr size_t kListThreads = 16;
constexpr size_t kPageObjects = 1'000;

/// Less than the key, and nothing of the catalog's is in between.
std::string JustBefore(const std::string& key) { return key.empty() ? key : key.substr(0, key.size() - 1); }

}  // namespace

Result<CheckpointParts> ListCheckpointParts(ObjectStore* store) {
  ARROW_ASSIGN_OR_RAISE(const auto objects, ListAll(store, std::string(kCheckpointPrefix)));
  CheckpointParts parts{.begins = {""}};
  for (const ObjectInfo& object : objects) {
    auto begin = ParseCheckpointPartKey(object.key);
    if (!begin) continue;
    if (begin->empty()) parts.has_first = true;
    else if (ParseCatalogKey(*begin)) parts.begins.push_back(*std::move(begin));  // else nobody here has written it
  }
  return parts;
}

Result<std::vector<ObjectInfo>> ListCatalogRange(ObjectStore* store, const std::string& begin, const std::string& end,
                                                 const std::function<bool()>& is_cancelled) {
  std::vector<ObjectInfo> objects;
  std::string start_after = JustBefore(begin);
  do {
    if (is_cancelled()) return Error(ErrorKind::kCancelled, "cancelled");
    ARROW_ASSIGN_OR_RAISE(ObjectPage page, store->List("", start_after, kPageObjects));
    for (ObjectInfo& object : page.objects) {
      if (!end.empty() && object.key >= end) return objects;
      if (object.key >= begin && ParseCatalogKey(object.key)) objects.push_back(std::move(object));
    }
    start_after = std::move(page.next_start_after);
  } while (!start_after.empty());
  return objects;
}

Result<std::vector<ObjectInfo>> ListCatalog(ObjectStore* store, const std::vector<std::string>& begins,
                                            const std::function<bool()>& is_cancelled) {
  std::vector<std::vector<ObjectInfo>> ranges(begins.size());
  ARROW_RETURN_NOT_OK(ForEachConcurrently(begins.size(), kListThreads, "list", [&](size_t i) {
    const std::string end = i + 1 < begins.size() ? begins[i + 1] : "";
    return ListCatalogRange(store, begins[i], end, is_cancelled).Value(&ranges[i]);
  }));
  std::vector<ObjectInfo> objects;
  for (auto& range : ranges) {
    objects.insert(objects.end(), std::make_move_iterator(range.begin()), std::make_move_iterator(range.end()));
  }
  return objects;
}

std::vector<CheckpointEntry> ReadCheckpointPart(ObjectStore* store, const std::string& begin) {
  const auto found = store->Get(CheckpointPartKey(begin));
  if (!found.ok() && KindOf(found.status()) == ErrorKind::kNotFound) return {};
  auto entries = found.ok() ? DecodeCheckpointPart(found->content) : found.status();
  if (entries.ok()) return *std::move(entries);
  LOG_WARN("the catalog is read without a part of its checkpoint", "part={} reason=\"{}\"", CheckpointPartKey(begin),
           entries.status().message());
  return {};
}

const CheckpointEntry* FindCurrent(const std::vector<CheckpointEntry>& entries, const ObjectInfo& object) {
  const auto found = std::ranges::lower_bound(entries, object.key, {}, &CheckpointEntry::key);
  const bool is_it = found != entries.end() && found->key == object.key;
  return is_it && !object.version.empty() && found->version == object.version ? &*found : nullptr;
}

}  // namespace gigapi
