// The encodings of Parquet's data pages that we write (parquet.apache.org/docs/file-format/data-pages/encodings).
// Each function appends to `out`. Pure: no files, no choice of encoding (column_encoder.h makes it).
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/pod_vector.h"

namespace gigapi {

using PageBytes = PodVector<uint8_t>;

/// Bits that hold every value from 0 to max.
int BitWidth(uint32_t max);

/// RLE and bit-packing hybrid of `count` values of `bit_width` bits.
void AppendRleBitPacked(const uint32_t* values, size_t count, int bit_width, PageBytes* out);

/// Indices of a dictionary: the bit width in one byte, then the hybrid.
void AppendDictionaryIndices(const uint32_t* indices, size_t count, int bit_width, PageBytes* out);

/// Definition levels of an optional column, version 2 pages (no length before them). `valid` nullptr: no row is NULL.
void AppendDefinitionLevels(const uint8_t* valid, size_t count, PageBytes* out);

/// DELTA_BINARY_PACKED of 64-bit integers.
void AppendDeltaBinaryPacked(const int64_t* values, size_t count, PageBytes* out);

/// BYTE_STREAM_SPLIT of 64-bit values.
void AppendByteStreamSplit(const uint64_t* values, size_t count, PageBytes* out);

/// PLAIN booleans: a bit each.
void AppendPlainBools(const uint8_t* bools, size_t count, PageBytes* out);

/// One PLAIN byte array: its length in 4 bytes, then it.
void AppendPlainString(const char* bytes, uint32_t size, PageBytes* out);

}  // namespace gigapi
