// A mark in the root of each bucket that is a layer, `.gigapi/place`, with a random id: two addresses lead to one place
// where both have the same. It stays there for ever.
#pragma once

#include <string>

#include "base/error.h"
#include "object_store/object_store.h"

namespace gigapi {

inline constexpr char kPlaceMarkKey[] = ".gigapi/place";

/// The id of a place; one that has none gets one if it may be written to. Empty: it has none.
Result<std::string> PlaceIdOf(ObjectStore* store, bool may_write);

}  // namespace gigapi
