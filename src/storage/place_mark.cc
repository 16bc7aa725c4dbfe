#include "storage/place_mark.h"

#include "base/uuid.h"

namespace gigapi {
namespace {

Result<std::string> Read(ObjectStore* store) {
  const auto found = store->Get(kPlaceMarkKey);
  if (found.ok()) return found->content;
  return KindOf(found.status()) == ErrorKind::kNotFound ? Result<std::string>(std::string()) : found.status();
}

}  // namespace

Result<std::string> PlaceIdOf(ObjectStore* store, bool may_write) {
  ARROW_ASSIGN_OR_RAISE(std::string id, Read(store));
  if (!id.empty() || !may_write) return id;
  // Without a condition, which some stores lack: of two nodes at once the last one's is read by both from then on.
  ARROW_RETURN_NOT_OK(PutObject(store, kPlaceMarkKey, NewUuid()));
  return Read(store);
}

}  // namespace gigapi
