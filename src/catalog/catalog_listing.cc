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

Result<std::vector<std::string>> ListCheckpointParts(ObjectStore* store) {
  ARROW_ASSIGN_OR_RAISE(const auto parts, ListAll(store, std::string(kCheckpointPrefix)));
  std::vector<std::string> begins{""};
  for (const ObjectInfo& part : parts) {
    if (auto begin = ParseCheckpointPartKey(part.key); begin && !begin->empty()) begins.push_back(*std::move(begin));
  }
  return begins;
}

Result<std::vector<ObjectInfo>> ListCatalogRange(ObjectStore* store, const std::string& begin, const std::string& end) {
  std::vector<ObjectInfo> objects;
  std::string start_after = JustBefore(begin);
  do {
    ARROW_ASSIGN_OR_RAISE(ObjectPage page, store->List("", start_after, kPageObjects));
    for (ObjectInfo& object : page.objects) {
      if (!end.empty() && object.key >= end) return objects;
      if (ParseCatalogKey(object.key)) objects.push_back(std::move(object));
    }
    start_after = std::move(page.next_start_after);
  } while (!start_after.empty());
  return objects;
}

Result<std::vector<ObjectInfo>> ListCatalog(ObjectStore* store, const std::vector<std::string>& begins) {
  std::vector<std::vector<ObjectInfo>> ranges(begins.size());
  ARROW_RETURN_NOT_OK(ForEachConcurrently(begins.size(), kListThreads, "list", [&](size_t i) {
    return ListCatalogRange(store, begins[i], i + 1 < begins.size() ? begins[i + 1] : "").Value(&ranges[i]);
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
