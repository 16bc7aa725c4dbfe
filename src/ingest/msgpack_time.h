// The time of rows that come as MessagePack: numbers in a unit that is told by their size, or timestamp extensions.
// Pure. One thread.
#pragma once

#include <cstdint>
#include <string>

#include "base/pod_vector.h"
#include "ingest/msgpack_reader.h"

namespace gigapi {

/// Nanoseconds of the unit that timestamps of this size have, as Arc decides: below 1e10 seconds, below 1e13
/// milliseconds, below 1e16 microseconds, else nanoseconds.
int64_t NanosPerUnitOfSize(uint64_t magnitude);

/// Reads `rows` timestamps and appends them in nanoseconds. All numbers of one call have one unit, that of the largest: a
/// column that begins in 1970 is not taken for seconds. On failure the reason is set and the reader stands at the value.
bool ReadMsgpackTimes(MsgpackReader* in, size_t rows, PodVector<int64_t>* nanos, std::string* reason);

}  // namespace gigapi
