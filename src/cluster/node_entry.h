// What a node says of itself in the catalog that nodes share: an object `.gigapi/nodes/<node>`, written anew with every
// heartbeat. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace gigapi {

inline constexpr std::string_view kNodesPrefix = ".gigapi/nodes/";

struct NodeEntry {
  std::string node;   // its name for ever: that of its root
  std::string epoch;  // of this run of it
  std::string role;   // GIGAPI_MODE
  std::string version = {};
  /// Where other nodes reach it: "http://host:port", "grpc://host:port" or "grpc+tls://host:port". Empty while it starts,
  /// and for good where that way in is off.
  std::string http_address = {};
  std::string flight_address = {};
  /// By which other nodes know its calls (node_proof.h).
  std::string public_key = {};
  /// Tells its root from copies of it (base/file_identity.h); empty: not known.
  std::string root = {};
  /// It has rows that are in no file, or may get some.
  bool may_hold_rows = false;
  int64_t started_ns = 0;   // wall time
  uint64_t heartbeats = 0;  // counted: each makes another content
  int64_t interval_ms = 0;  // between heartbeats
};

std::string NodeKey(std::string_view node);

std::string EncodeNodeEntry(const NodeEntry& entry);
Result<NodeEntry> DecodeNodeEntry(std::string_view json);

}  // namespace gigapi
