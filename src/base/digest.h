// Cryptographic digests of small texts and of pieces of objects.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace gigapi {

using Sha256Digest = std::array<uint8_t, 32>;

Sha256Digest Sha256(std::string_view bytes);
Sha256Digest HmacSha256(std::string_view key, std::string_view bytes);

/// Lower case.
std::string Hex(const Sha256Digest& digest);

inline std::string_view AsBytes(const Sha256Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace gigapi
