// JSON strings of results, fast; for small documents there is base/json_writer.h.
#pragma once

#include <cstddef>
#include <string_view>

namespace gigapi {

/// Writes the text in quotes, escaped, at `out`, which must have room for JsonStringBytesMax(text.size()); returns its end.
/// Bytes that are not UTF-8 pass as they are.
char* WriteJsonString(std::string_view text, char* out);
constexpr size_t JsonStringBytesMax(size_t text_bytes) { return 6 * text_bytes + 2; }
/// What it takes exactly: for texts so large that room for six times as much matters.
size_t JsonStringBytes(std::string_view text);

}  // namespace gigapi
