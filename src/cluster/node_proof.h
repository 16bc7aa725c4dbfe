// How a node shows to another one that it is of the cluster, without a secret in the catalog: each run of a node makes a
// pair of Ed25519 keys (RFC 8032) and leaves the public one in its entry (node_entry.h). So who may write to the catalog is
// a node, and who only reads it is none.
//
// A proof is the signer's public key, a dot and the signature, both in hexadecimal digits. It is for one run of one node, so
// nobody who is shown it can use it elsewhere.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace gigapi {

/// Of this run. The private key is nowhere but here. Thread-safe.
class NodeKeyPair {
 public:
  static Result<NodeKeyPair> Make();

  /// 64 hexadecimal digits.
  const std::string& public_key() const { return public_key_; }

  /// For the run `epoch` of a node.
  Result<std::string> ProveTo(std::string_view node, std::string_view epoch) const;

 private:
  struct Free {
    void operator()(evp_pkey_st* key) const;
  };
  explicit NodeKeyPair(evp_pkey_st* key) : key_(key) {}

  std::unique_ptr<evp_pkey_st, Free> key_;
  std::string public_key_;
};

/// The public key whose owner made the proof for that run of that node; empty: nobody did.
std::string_view ProvenKey(std::string_view proof, std::string_view node, std::string_view epoch);

}  // namespace gigapi
