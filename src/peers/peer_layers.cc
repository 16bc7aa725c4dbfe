#include "peers/peer_layers.h"

#include <algorithm>
#include <cstring>

namespace gigapi {
namespace {

/// One request; a node answers no more at once.
constexpr size_t kRequestBytesMax = 16 << 20;

/// Where a node is at this moment: it may have been started anew elsewhere.
Result<NodeEntry> FindNode(const Membership& membership, const std::string& node) {
  for (Member& member : membership.Members()) {
    if (member.entry.node != node) continue;
    if (member.is_alive) return std::move(member.entry);
    return Errorf(ErrorKind::kUnavailable, "node {} has files that only it reaches, and does not answer", node);
  }
  return Errorf(ErrorKind::kUnavailable, "node {} has files that only it reaches, and is not there", node);
}

class PeerFile final : public ReadableFile {
 public:
  PeerFile(const Membership* membership, PeerClient* peers, std::string node, RangeRequest whole)
      : membership_(membership), peers_(peers), node_(std::move(node)), whole_(std::move(whole)) {}

  Result<size_t> ReadAt(uint64_t offset, size_t size, char* out) const override {
    ARROW_ASSIGN_OR_RAISE(const NodeEntry node, FindNode(*membership_, node_));
    size_t done = 0;
    while (done < size) {
      RangeRequest range = whole_;
      range.offset = offset + done;
      range.length = std::min(size - done, kRequestBytesMax);
      ARROW_ASSIGN_OR_RAISE(const std::string bytes, peers_->ReadFile(node, range));
      if (bytes.empty()) break;
      std::memcpy(out + done, bytes.data(), std::min(bytes.size(), size - done));
      done += std::min(bytes.size(), size - done);
    }
    return done;
  }
  uint64_t size() const override { return whole_.length; }

 private:
  const Membership* const membership_;
  PeerClient* const peers_;
  const std::string node_;
  const RangeRequest whole_;
};

class PeerStore final : public ObjectStore {
 public:
  PeerStore(const Membership* membership, PeerClient* peers, std::string layer, std::string node)
      : membership_(membership), peers_(peers), layer_(std::move(layer)), node_(std::move(node)) {}

  std::string Describe() const override { return "layer " + layer_ + " of node " + node_; }
  Status Probe() override { return FindNode(*membership_, node_).status(); }
  Result<std::shared_ptr<ReadableFile>> Open(const std::string& key, std::optional<uint64_t> size_bytes) override {
    if (!size_bytes) return Refused();
    RangeRequest whole{.layer = layer_, .key = key, .offset = 0, .length = *size_bytes};
    return std::make_shared<PeerFile>(membership_, peers_, node_, std::move(whole));
  }
  StoreMetrics metrics() const override { return {}; }

  Result<std::unique_ptr<ObjectWriter>> Create(const std::string&) override { return Refused(); }
  Result<ObjectInfo> Head(const std::string&) override { return Refused(); }
  Result<ObjectContent> Get(const std::string&) override { return Refused(); }
  Result<std::optional<ObjectContent>> GetIfChanged(const std::string&, const std::string&) override { return Refused(); }
  Result<std::string> PutIfAbsent(const std::string&, std::string_view) override { return Refused(); }
  Result<std::string> PutIfVersion(const std::string&, std::string_view, const std::string&) override { return Refused(); }
  Result<ObjectPage> List(const std::string&, const std::string&, size_t) override { return Refused(); }
  Status Remove(const std::string&) override { return Refused(); }
  Result<int64_t> RemoveUnfinished(int64_t) override { return Refused(); }

 private:
  Status Refused() const { return Errorf(ErrorKind::kUnsupported, "{} is only read from", Describe()); }

  const Membership* const membership_;
  PeerClient* const peers_;
  const std::string layer_;
  const std::string node_;
};

}  // namespace

LayerPtr PeerLayers::Find(const Layer& own, const std::string& node) {
  const std::lock_guard lock(mutex_);
  LayerPtr& layer = layers_[{own.name(), node}];
  if (layer == nullptr) {
    layer = std::make_shared<const Layer>(LayerOptions{.name = own.name(), .ttl_ns = own.ttl_ns()},
                                          std::make_shared<PeerStore>(membership_, peers_, own.name(), node), cache_);
  }
  return layer;
}

}  // namespace gigapi
