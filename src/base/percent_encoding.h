// Percent-encoding of RFC 3986, as queries of URLs and AWS Signature Version 4 want it. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gigapi {

/// Letters, digits and -._~ stay; any other byte becomes %XX.
std::string PercentEncode(std::string_view text);
/// The same, and slashes stay.
std::string PercentEncodePath(std::string_view path);
/// nullopt where a % is not followed by two hexadecimal digits.
std::optional<std::string> PercentDecode(std::string_view text);

}  // namespace gigapi
