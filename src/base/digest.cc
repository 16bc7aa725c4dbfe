#include "base/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/hex.h"

namespace gigapi {

Sha256Digest Sha256(std::string_view bytes) {
  Sha256Digest digest;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  return digest;
}

Sha256Digest HmacSha256(std::string_view key, std::string_view bytes) {
  Sha256Digest digest;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(bytes.data()),
       bytes.size(), digest.data(), nullptr);
  return digest;
}

std::string Hex(const Sha256Digest& digest) { return ToHex(AsBytes(digest)); }

}  // namespace gigapi
