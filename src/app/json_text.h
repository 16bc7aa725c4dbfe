// Text as a JSON string.
#pragma once

#include <string>
#include <string_view>

namespace gigapi {

/// In quotes, with what must be escaped escaped.
std::string JsonString(std::string_view text);

}  // namespace gigapi
