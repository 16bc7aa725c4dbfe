// CRC-32C (Castagnoli), with the processor's own instruction.
#pragma once

#include <cstdint>
#include <string_view>

namespace gigapi {

/// Continues `seed`, the result for the bytes before; 0 at the start.
uint32_t Crc32c(std::string_view bytes, uint32_t seed = 0);

}  // namespace gigapi
