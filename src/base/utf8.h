// Which bytes are well-formed UTF-8.
#pragma once

#include <cstddef>
#include <string_view>

namespace gigapi {

/// The length of the sequence that `text` begins with, 1 to 4; 0 when it is not well-formed (cut short, overlong, a
/// surrogate, beyond U+10FFFF) or `text` is empty.
size_t Utf8SequenceBytes(std::string_view text);

}  // namespace gigapi
