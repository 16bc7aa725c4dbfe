#include "cluster/membership.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/log.h"
#include "base/path.h"
#include "base/thread.h"
#include "base/uuid.h"

namespace gigapi {
namespace {

constexpr std::chrono::milliseconds kSignPoll{100};
constexpr int64_t kSignSlackNs = 500 * kNanosPerMilli;

/// A caller that nobody knows costs a list of the catalog, so not each of them gets one: as many in a second. Nodes that
/// start together do.
constexpr int kStrangersMax = 20;

constexpr int64_t kIntervalMsMax = 30'000;  // of others' heartbeats, as far as anybody waits for them

/// So long a node that is alive may seem not to be.
int64_t SilenceNs(int64_t interval_ms) {
  return std::min(interval_ms, kIntervalMsMax) * kNanosPerMilli * 3 / 2 + kSignSlackNs;
}

Status NameIsTaken(ErrorKind kind, const std::string& node) {
  return Errorf(
      kind,
      "another node runs under this one's name, {}: its root was copied, or is in use on another machine. Stop one "
      "of them; in a copy remove .gigapi before it starts",
      node);
}

}  // namespace

Membership::Membership(std::shared_ptr<ObjectStore> store, MembershipOptions options)
    : store_(std::move(store)),
      options_(std::move(options)),
      epoch_(NewUuid()),
      leases_(options_.lease_ms * kNanosPerMilli) {}

Membership::~Membership() { Stop(); }

Status Membership::Join(const std::string& node, const std::string& root, bool may_hold_rows,
                        std::function<void(const std::string&)> note) {
  note_ = std::move(note);
  ARROW_ASSIGN_OR_RAISE(key_, NodeKeyPair::Make());
  {
    const std::lock_guard lock(mutex_);
    self_.node = node;
    self_.epoch = epoch_;
    self_.role = options_.role;
    self_.version = options_.version;
    self_.public_key = key_->public_key();
    self_.root = root;
    self_.may_hold_rows = may_hold_rows;
    self_.started_ns = WallNanos();
    self_.interval_ms = options_.heartbeat_interval_ms;
  }
  ARROW_RETURN_NOT_OK(TakeName());
  ARROW_RETURN_NOT_OK(Beat());
  {
    const std::lock_guard lock(mutex_);
    joined_ = true;
  }
  if (note_) note_(NodeKey(node));
  ARROW_RETURN_NOT_OK(Look());
  thread_ = StartThread("cluster", [this] { Run(); });
  return Status::OK();
}

Status Membership::SetAddresses(const std::string& http_address, const std::string& flight_address) {
  {
    const std::lock_guard lock(mutex_);
    self_.http_address = http_address;
    self_.flight_address = flight_address;
    self_.may_hold_rows |= self_.role == "aio" || self_.role == "writeonly";
  }
  ARROW_RETURN_NOT_OK(Beat());
  if (note_) note_(NodeKey(self_.node));
  return Status::OK();
}

void Membership::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Membership::Leave() {
  Stop();
  if (!std::exchange(joined_, false)) return;
  const Status removed = RemoveOwnEntry();
  if (!removed.ok()) LOG_WARN("this node could not take its entry away", "reason=\"{}\"", removed.message());
  if (note_) note_(NodeKey(self_.node));
}

/// Another run may have taken the name while this one was paused: then the entry is that one's.
Status Membership::RemoveOwnEntry() {
  if (lost_name_) return Status::OK();
  const auto found = store_->Get(NodeKey(self_.node));
  if (!found.ok()) return KindOf(found.status()) == ErrorKind::kNotFound ? Status::OK() : found.status();
  const auto entry = DecodeNodeEntry(found->content);
  const bool is_own = !entry.ok() || entry->epoch == epoch_ || IsOfEndedRun(*entry);
  return is_own ? store_->Remove(NodeKey(self_.node)) : Status::OK();
}

void Membership::Wake() {
  const std::lock_guard lock(mutex_);
  woken_ = true;
  wake_.notify_all();
}

void Membership::Run() {
  const int64_t interval_ns = options_.heartbeat_interval_ms * kNanosPerMilli;
  int64_t next_beat_ns = SteadyNanos() + interval_ns;
  bool failed = false;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      const auto wait = std::chrono::nanoseconds(std::max<int64_t>(0, next_beat_ns - SteadyNanos()));
      wake_.wait_for(lock, wait, [this] { return stopping_ || woken_; });
      if (stopping_) return;
      woken_ = false;
    }
    Status status;
    if (SteadyNanos() >= next_beat_ns) {
      status = Guarded([this] { return Beat(); });
      next_beat_ns = SteadyNanos() + interval_ns;
    }
    if (status.ok()) status = Guarded([this] { return Look(); });
    if (!status.ok() && !failed) {
      LOG_WARN("the nodes of the cluster cannot be asked, trying again", "reason=\"{}\"", status.message());
    }
    failed = !status.ok();
  }
}

/// Its root is locked by this process.
bool Membership::IsOfEndedRun(const NodeEntry& entry) const { return !self_.root.empty() && entry.root == self_.root; }

/// Takes the place of an earlier run.
Status Membership::TakeName() {
  const std::lock_guard beating(beat_mutex_);
  auto found = store_->Get(NodeKey(self_.node));
  if (!found.ok()) return KindOf(found.status()) == ErrorKind::kNotFound ? Status::OK() : found.status();
  const auto entry = DecodeNodeEntry(found->content);
  if (entry.ok() && !IsOfEndedRun(*entry)) ARROW_RETURN_NOT_OK(WaitForSign(*entry, found->version));
  version_ = std::move(found->version);
  return Status::OK();
}

Status Membership::WaitForSign(const NodeEntry& entry, const std::string& version) {
  LOG_INFO("waiting whether the node whose entry is in the catalog is alive elsewhere", "node={} epoch={} ms_max={}",
           entry.node, entry.epoch, SilenceNs(entry.interval_ms) / kNanosPerMilli);
  const int64_t end_ns = SteadyNanos() + SilenceNs(entry.interval_ms);
  while (SteadyNanos() < end_ns) {
    {
      std::unique_lock lock(mutex_);
      if (wake_.wait_for(lock, kSignPoll, [this] { return stopping_; })) return Error(ErrorKind::kCancelled, "stopping");
    }
    const auto changed = store_->GetIfChanged(NodeKey(entry.node), version);
    if (!changed.ok() && KindOf(changed.status()) == ErrorKind::kNotFound) return Status::OK();  // it has just ended
    ARROW_RETURN_NOT_OK(changed.status());
    if (*changed) return NameIsTaken(ErrorKind::kConflict, entry.node);
  }
  return Status::OK();
}

Result<std::string> Membership::Put(const NodeEntry& entry) {
  const std::string key = NodeKey(entry.node), content = EncodeNodeEntry(entry);
  return version_.empty() ? store_->PutIfAbsent(key, content) : store_->PutIfVersion(key, content, version_);
}

/// What stands in the place of what this node has put there last. OK: it may be replaced. A store that falls back to an
/// older state brings entries of earlier runs back; only one that changes is of a node that is alive.
Status Membership::MeetOther() {
  auto found = store_->Get(NodeKey(self_.node));
  if (!found.ok() && KindOf(found.status()) != ErrorKind::kNotFound) return found.status();
  const auto entry = found.ok() ? DecodeNodeEntry(found->content) : found.status();
  const bool is_own = entry.ok() && (entry->epoch == epoch_ || IsOfEndedRun(*entry));
  if (found.ok() && !is_own) {
    if (!rival_) rival_ = Rival{.version = found->version, .seen_ns = SteadyNanos()};
    if (rival_->version != found->version) {
      lost_name_ = true;
      LOG_ERROR("this node stops taking rows", "reason=\"{}\"", CheckHasName().message());
    }
    const int64_t interval_ms = entry.ok() ? entry->interval_ms : options_.heartbeat_interval_ms;
    const bool is_dead = !lost_name_ && SteadyNanos() - rival_->seen_ns > SilenceNs(interval_ms);
    if (!is_dead) return NameIsTaken(ErrorKind::kUnavailable, self_.node);
  }
  rival_.reset();
  version_ = found.ok() ? std::move(found->version) : "";  // forgotten, or lost
  return Status::OK();
}

Status Membership::CheckHasName() const {
  return lost_name_ ? NameIsTaken(ErrorKind::kUnavailable, Self().node) : Status::OK();
}

Status Membership::Beat() {
  const std::lock_guard beating(beat_mutex_);
  ARROW_RETURN_NOT_OK(CheckHasName());
  const int64_t begun_ns = SteadyNanos();
  NodeEntry entry;
  {
    const std::lock_guard lock(mutex_);
    ++self_.heartbeats;
    entry = self_;
  }
  auto put = Put(entry);
  if (!put.ok() && KindOf(put.status()) == ErrorKind::kConflict) {
    ARROW_RETURN_NOT_OK(MeetOther());
    put = Put(entry);
  }
  ARROW_ASSIGN_OR_RAISE(version_, std::move(put));
  rival_.reset();
  const std::lock_guard lock(mutex_);
  renewed_ns_ = begun_ns;
  return Status::OK();
}

Status Membership::Look() {
  // Else one with an older list would forget whom another one has just found.
  const std::lock_guard looking(look_mutex_);
  ARROW_ASSIGN_OR_RAISE(const auto entries, ListAll(store_.get(), std::string(kNodesPrefix)));
  std::vector<std::string> nodes;
  for (const ObjectInfo& entry : entries) nodes.push_back(NameOf(entry.key));
  for (const std::string& node : nodes) {
    std::string version;
    {
      const std::lock_guard lock(mutex_);
      if (node == self_.node) continue;
      version = leases_.VersionOf(node);
    }
    auto changed = store_->GetIfChanged(NodeKey(node), version);
    if (!changed.ok() && KindOf(changed.status()) == ErrorKind::kNotFound) continue;
    ARROW_RETURN_NOT_OK(changed.status());
    if (!*changed) continue;
    auto entry = DecodeNodeEntry((*changed)->content);
    if (!entry.ok() || entry->node != node) {
      LOG_WARN("the entry of a node cannot be read", "key={}", NodeKey(node));
      continue;
    }
    const std::lock_guard lock(mutex_);
    leases_.Observe(*std::move(entry), std::move((*changed)->version), SteadyNanos());
  }
  const std::lock_guard lock(mutex_);
  leases_.KeepOnly(nodes);
  return Status::OK();
}

NodeEntry Membership::Self() const {
  const std::lock_guard lock(mutex_);
  return self_;
}

std::vector<Member> Membership::Members() const {
  const int64_t now = SteadyNanos();
  const std::lock_guard lock(mutex_);
  std::vector<Member> members = leases_.Members(now);
  if (joined_) {
    members.insert(members.begin(), Member{.entry = self_,
                                           .is_self = true,
                                           .is_alive = now - renewed_ns_ < options_.lease_ms * kNanosPerMilli,
                                           .changed_ago_ns = now - renewed_ns_});
  }
  return members;
}

std::vector<Member> Membership::OtherHolders() const {
  std::vector<Member> members = Members();
  std::erase_if(members, [](const Member& member) { return member.is_self || !member.entry.may_hold_rows; });
  return members;
}

bool Membership::IsAlive(const std::string& node, const std::string& epoch) const {
  const int64_t now = SteadyNanos();
  const std::lock_guard lock(mutex_);
  if (node == self_.node) return epoch == epoch_;
  return leases_.IsAlive(node, epoch, now);
}

Result<std::string> Membership::ProveTo(const NodeEntry& other) const { return key_->ProveTo(other.node, other.epoch); }

bool Membership::HasKey(std::string_view public_key) const {
  const std::lock_guard lock(mutex_);
  const auto members = leases_.Members(SteadyNanos());
  return std::ranges::any_of(members, [&](const Member& member) { return member.entry.public_key == public_key; });
}

bool Membership::IsByNode(std::string_view proof) {
  const std::string_view key = ProvenKey(proof, Self().node, epoch_);
  if (key.empty()) return false;
  if (HasKey(key)) return true;
  const std::lock_guard looking(stranger_mutex_);
  if (HasKey(key)) return true;
  const int64_t now = SteadyNanos();
  if (now - strangers_since_ns_ > kNanosPerSecond) {
    strangers_since_ns_ = now;
    strangers_ = 0;
  }
  if (++strangers_ > kStrangersMax) return false;
  return Look().ok() && HasKey(key);
}

bool Membership::HoldsLease() const {
  const int64_t now = SteadyNanos();
  const std::lock_guard lock(mutex_);
  return now - renewed_ns_ < options_.lease_ms * kNanosPerMilli;
}

Status Membership::Forget(const std::string& node) {
  ARROW_RETURN_NOT_OK(Look());
  {
    const std::lock_guard lock(mutex_);
    if (node == self_.node) return Error(ErrorKind::kConflict, "that is this node");
    const auto members = leases_.Members(SteadyNanos());
    const auto found = std::ranges::find_if(members, [&](const Member& member) { return member.entry.node == node; });
    if (found == members.end()) return Errorf(ErrorKind::kNotFound, "there is no node '{}'", node);
    if (found->is_alive) return Errorf(ErrorKind::kConflict, "node '{}' is alive", node);
  }
  ARROW_RETURN_NOT_OK(store_->Remove(NodeKey(node)));
  if (note_) note_(NodeKey(node));
  return Look();
}

}  // namespace gigapi
