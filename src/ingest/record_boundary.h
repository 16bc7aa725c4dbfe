// Where a text of records can be cut so that each part holds whole ones: how files that are larger than memory reach
// parsers of whole bodies. Pure. Any thread.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

namespace gigapi {

/// The end of the last record that is whole in `text`, which begins with one; 0 when none is. The caller decides what
/// becomes of a text that ends without the end of its last record.
using RecordBoundary = std::function<size_t(std::string_view text)>;

/// A record a line, without newlines in it: NDJSON.
size_t EndOfLines(std::string_view text);

/// Line protocol, whose strings may hold newlines; a string that does not end within kStringBytesMax is a mistake in its
/// line, and ends with it.
size_t EndOfLineProtocol(std::string_view text);
inline constexpr size_t kStringBytesMax = 1 << 20;

/// CSV, whose quoted fields may hold newlines. A quote opens a field only at its start, right after the delimiter or
/// newline.
size_t EndOfCsvRecords(std::string_view text, char delimiter);

/// JSON: the elements of an array, each with the comma after it, when the text begins with '['; else lines.
size_t EndOfJsonRows(std::string_view text);

}  // namespace gigapi
