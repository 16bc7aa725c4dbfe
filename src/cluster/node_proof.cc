#include "cluster/node_proof.h"

#include <openssl/evp.h>

#include <cstdint>

#include "base/hex.h"

namespace gigapi {
namespace {

constexpr size_t kKeyBytes = 32;
constexpr size_t kSignatureBytes = 64;

const uint8_t* BytesOf(std::string_view text) { return reinterpret_cast<const uint8_t*>(text.data()); }

/// What is signed: nothing else that these keys sign may read alike.
std::string Statement(std::string_view node, std::string_view epoch) {
  std::string text = "gigapi node call";
  for (const std::string_view part : {node, epoch}) text.append(1, '\0').append(part);
  return text;
}

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

}  // namespace

void NodeKeyPair::Free::operator()(evp_pkey_st* key) const { FreeKey()(key); }

Result<NodeKeyPair> NodeKeyPair::Make() {
  NodeKeyPair pair(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  std::string bytes(kKeyBytes, '\0');
  size_t size = bytes.size();
  if (!pair.key_ || EVP_PKEY_get_raw_public_key(pair.key_.get(), reinterpret_cast<uint8_t*>(bytes.data()), &size) != 1) {
    return Error(ErrorKind::kInternal, "no key for this node can be made");
  }
  pair.public_key_ = ToHex(bytes);
  return pair;
}

Result<std::string> NodeKeyPair::ProveTo(std::string_view node, std::string_view epoch) const {
  const std::string statement = Statement(node, epoch);
  std::string signature(kSignatureBytes, '\0');
  size_t size = signature.size();
  const Context context(EVP_MD_CTX_new());
  if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<uint8_t*>(signature.data()), &size, BytesOf(statement),
                     statement.size()) != 1) {
    return Error(ErrorKind::kInternal, "this node cannot sign");
  }
  return public_key_ + "." + ToHex(signature);
}

std::string_view ProvenKey(std::string_view proof, std::string_view node, std::string_view epoch) {
  const std::string_view key_text = proof.substr(0, proof.find('.'));
  if (key_text.size() == proof.size()) return {};
  const auto key_bytes = FromHex(key_text), signature = FromHex(proof.substr(key_text.size() + 1));
  if (!key_bytes || key_bytes->size() != kKeyBytes || !signature || signature->size() != kSignatureBytes) return {};
  const std::unique_ptr<EVP_PKEY, FreeKey> key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, BytesOf(*key_bytes), key_bytes->size()));
  const std::string statement = Statement(node, epoch);
  const Context context(EVP_MD_CTX_new());
  const bool is_proven =
      key && context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
      EVP_DigestVerify(context.get(), BytesOf(*signature), signature->size(), BytesOf(statement), statement.size()) == 1;
  return is_proven ? key_text : std::string_view();
}

}  // namespace gigapi
