#include "lake/drop_log.h"

namespace gigapi {
namespace {

/// Entries go when the log has moved on; so many are left only if a client drops new names all day and writes nothing.
constexpr size_t kDropsMax = 100'000;

}  // namespace

Status DropLog::Load(int64_t files_until_ns) {
  ARROW_ASSIGN_OR_RAISE(const bool exists, fs_->Exists(path_));
  if (!exists) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const std::string json, ReadWholeFile(fs_, path_));
  ARROW_ASSIGN_OR_RAISE(DropList drops, DecodeDropList(json));
  for (Drop& drop : drops.drops()) drop.files_until_ns = files_until_ns;
  const std::lock_guard lock(mutex_);
  list_ = std::move(drops);
  return Status::OK();
}

DropList DropLog::list() const {
  const std::lock_guard lock(mutex_);
  return list_;
}

Status DropLog::Commit(DropList next) {
  const Status committed = ReplaceFile(fs_, path_, EncodeDropList(next));
  in_doubt_ = !committed.ok();
  if (committed.ok()) list_ = std::move(next);
  return committed;
}

Status DropLog::Add(Drop drop, const std::function<bool(const Drop&)>& needless) {
  const std::lock_guard lock(mutex_);
  DropList next = list_;
  std::erase_if(next.drops(), needless);
  if (next.drops().size() >= kDropsMax) return Error(ErrorKind::kUnavailable, "too many drops: restart the server");
  next.Add(std::move(drop));
  return Commit(std::move(next));
}

Status DropLog::Recreate(std::string_view database) {
  const std::lock_guard lock(mutex_);
  DropList next = list_;
  Drop* const drop = next.FindDatabase(database);
  if (drop == nullptr || drop->recreated) return Status::OK();
  drop->recreated = true;
  return Commit(std::move(next));
}

Status DropLog::EnsureCommitted() {
  const std::lock_guard lock(mutex_);
  return in_doubt_ ? Commit(list_) : Status::OK();
}

uint64_t DropLog::DroppedUpTo(std::string_view database, std::string_view table) const {
  const std::lock_guard lock(mutex_);
  return list_.DroppedUpTo(database, table);
}

uint64_t DropLog::max_sequence() const {
  const std::lock_guard lock(mutex_);
  return list_.max_sequence();
}

}  // namespace gigapi
