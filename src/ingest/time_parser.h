// Points in time as text, in the forms that JSON and CSV have them. Pure, without a locale. Any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "ingest/precision.h"

namespace gigapi {

/// Nanoseconds since the epoch of a date and time as RFC 3339 and SQL write them: 2021-09-30T18:00:00.123Z,
/// 2021-09-30 18:00:00+02:00, 2021-09-30 (midnight). Without a zone it is UTC; digits beyond nanoseconds are cut off. False
/// for any other text, and for times that 64 bits do not hold.
bool ParseTimeText(std::string_view text, int64_t* nanos);

/// The same for a number in a unit: an integer, or one with a fraction.
bool ParseTimeNumber(double value, Precision precision, int64_t* nanos);

/// Either of them, or a number as text.
bool ParseTime(std::string_view text, Precision number_precision, int64_t* nanos);

}  // namespace gigapi
