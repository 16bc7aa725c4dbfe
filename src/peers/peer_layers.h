// The local layers of other nodes, read over Flight: what a node with a first layer of its own has flushed and not yet moved
// to a layer that all reach. Read-only.
//
// Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "cluster/membership.h"
#include "object_store/cache/read_cache.h"
#include "peers/peer_client.h"
#include "storage/layer.h"

namespace gigapi {

class PeerLayers {
 public:
  /// The first two must outlive the layers that it gives out; `cache` is what they are read through, may be nullptr.
  PeerLayers(const Membership* membership, PeerClient* peers, std::shared_ptr<ReadCache> cache)
      : membership_(membership), peers_(peers), cache_(std::move(cache)) {}

  /// The layer that this node has at hand as `own`, as it is on another node; the same object for the same two.
  LayerPtr Find(const Layer& own, const std::string& node);

 private:
  const Membership* const membership_;
  PeerClient* const peers_;
  const std::shared_ptr<ReadCache> cache_;
  std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, LayerPtr> layers_;  // by name and node
};

}  // namespace gigapi
