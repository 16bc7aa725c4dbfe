// JSON strings, to write.
#pragma once

#include <string>
#include <string_view>

namespace gigapi {

/// Appends the text in quotes, escaped. Bytes that are not UTF-8 pass as they are.
void AppendJsonString(std::string_view text, std::string* out);

/// The same at `out`, which must have room for JsonStringBytesMax(text.size()); returns its end.
char* WriteJsonString(std::string_view text, char* out);
constexpr size_t JsonStringBytesMax(size_t text_bytes) { return 6 * text_bytes + 2; }

}  // namespace gigapi
