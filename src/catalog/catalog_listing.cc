#include "catalog/catalog_listing.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/parallel.h"
#include "base/path.h"
#include "catalog/catalog_key.h"

namespace gigapi {
namespace {

/// They mostly wait for the store.
constexpr size_t kListThreads = 16;
constexpr size_t kMoreKeys = 32;

/// Less than the key, and nothing of the catalog's is in between.
std::string JustBefore(const std::string& key) { return key.empty() ? key : key.substr(0, key.size() - 1); }

/// Where a list that has come to this key goes on. What follows a data file, up to the metadata of its hour, are others.
std::string SkipFiles(const std::string& key) {
  const std::string metadata = MetadataKey(ParentOf(key));
  const auto hour = key < metadata ? ParseCatalogKey(metadata) : std::nullopt;
  return hour && hour->partition ? std::max(key, JustBefore(metadata)) : key;
}

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

/// An hour's files lie before its metadata. So those of the object that ends a list need not be read: by the first of them
/// the list knows that it is at its end. Nor those of the object that begins one.
std::vector<ListedRange> CutIntoLists(const std::string& begin, const std::string& end,
                                      const std::vector<ExpectedObject>& objects) {
  constexpr size_t kBeginAndEnd = 2;
  // Before the first of all lies what is not the catalog's.
  std::vector<ListedRange> lists{{.begin = begin, .end = end, .keys = begin.empty() ? kMoreKeys : kBeginAndEnd}};
  for (const ExpectedObject& object : objects) {
    ListedRange& last = lists.back();
    if (object.key <= last.begin || (!end.empty() && object.key >= end) || !ParseCatalogKey(object.key)) continue;
    if (last.keys + object.files < kListedKeysMax) {
      last.keys += object.files + 1;
    } else {
      last.end = object.key;
      lists.push_back({.begin = object.key, .end = end, .keys = kBeginAndEnd});
    }
  }
  // What has come since is likely to lie there.
  if (end.empty()) lists.back().keys = kListedKeysMax;
  return lists;
}

Result<std::vector<ObjectInfo>> ListCatalogRange(ObjectStore* store, const ListedRange& range,
                                                 const std::function<bool()>& is_cancelled) {
  std::vector<ObjectInfo> objects;
  const std::string before_end = JustBefore(range.end);
  std::string start_after = JustBefore(range.begin);
  size_t keys = range.keys;
  // Of a range of which the number of keys was known, not much is left then.
  size_t more_keys = keys < kListedKeysMax ? kMoreKeys : kListedKeysMax;
  do {
    if (is_cancelled()) return Error(ErrorKind::kCancelled, "cancelled");
    ARROW_ASSIGN_OR_RAISE(ObjectPage page, store->List("", start_after, keys));
    keys = std::exchange(more_keys, std::min(2 * more_keys, kListedKeysMax));
    for (ObjectInfo& object : page.objects) {
      if (!range.end.empty() && object.key >= range.end) return objects;
      if (object.key >= range.begin && ParseCatalogKey(object.key)) objects.push_back(std::move(object));
    }
    start_after = SkipFiles(page.next_start_after);
  } while (!start_after.empty() && (range.end.empty() || start_after < before_end));
  return objects;
}

Result<std::vector<ObjectInfo>> ListCatalog(ObjectStore* store, const std::vector<std::string>& begins,
                                            const std::function<bool()>& is_cancelled) {
  std::vector<std::vector<ObjectInfo>> ranges(begins.size());
  ARROW_RETURN_NOT_OK(ForEachConcurrently(begins.size(), kListThreads, "list", [&](size_t i) {
    const std::string end = i + 1 < begins.size() ? begins[i + 1] : "";
    return ListCatalogRange(store, {.begin = begins[i], .end = end}, is_cancelled).Value(&ranges[i]);
  }));
  std::vector<ObjectInfo> objects;
  for (auto& range : ranges) {
    objects.insert(objects.end(), std::make_move_iterator(range.begin()), std::make_move_iterator(range.end()));
  }
  return objects;
}

UnpackedCheckpointPart ReadCheckpointPart(ObjectStore* store, const std::string& begin) {
  const auto found = store->Get(CheckpointPartKey(begin));
  if (!found.ok() && KindOf(found.status()) == ErrorKind::kNotFound) return {};
  auto part = found.ok() ? UnpackCheckpointPart(found->content) : found.status();
  if (part.ok()) return *std::move(part);
  LOG_WARN("the catalog is read without a part of its checkpoint", "part={} reason=\"{}\"", CheckpointPartKey(begin),
           part.status().message());
  return {};
}

const CheckpointEntry* FindCurrent(const std::vector<CheckpointEntry>& entries, const ObjectInfo& object) {
  const auto found = std::ranges::lower_bound(entries, object.key, {}, &CheckpointEntry::key);
  const bool is_it = found != entries.end() && found->key == object.key;
  return is_it && !object.version.empty() && found->version == object.version ? &*found : nullptr;
}

}  // namespace gigapi
