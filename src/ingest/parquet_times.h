// Times of Parquet's old kind, INT96: a Julian day and the nanoseconds of the day, which may lie far outside of what 64 bits
// of nanoseconds hold. libparquet lets them wrap around.
#pragma once

#include "base/error.h"

namespace parquet {
class ParquetFileReader;
}  // namespace parquet

namespace gigapi {

/// Reads the columns of that kind, and no others: fails at a time before 1677-09-21 or after 2262-04-11. libparquet's
/// exceptions are the caller's to catch.
Status CheckInt96Times(parquet::ParquetFileReader* file);

}  // namespace gigapi
