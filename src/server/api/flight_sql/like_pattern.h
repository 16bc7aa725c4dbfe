// The patterns by which clients filter names: % stands for any text, _ for any character, \ takes the next as it is. Pure.
#pragma once

#include <string_view>

namespace gigapi::flight {

/// Whether the whole name fits. Names are UTF-8; letters of another case do not fit.
bool LikeMatches(std::string_view pattern, std::string_view name);

}  // namespace gigapi::flight
