// Bytes as text of hexadecimal digits, two for each byte. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gigapi {

/// Lower case.
std::string ToHex(std::string_view bytes);
/// Nothing for a text that ToHex does not make.
std::optional<std::string> FromHex(std::string_view text);

}  // namespace gigapi
