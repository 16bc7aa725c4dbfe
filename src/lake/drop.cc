// Drops of tables and databases. The order is what makes them safe against a crash at any instant:
//
//   1. writes are held back and those under way end: what was written before has sequences up to the present one
//   2. the list of drops is replaced, synced, with that sequence: from here on the rows are gone, whatever else happens,
//      since a start ignores files and log records up to it (catalog/json_catalog.h, lake/recovery.cc)
//   3. the tables leave the state: new snapshots and writes know nothing of them
//   4. writes go on; those that were checked against the old tables are checked again
//   5. TableRemover takes the files away, when it can
//
// The list is this process's own. In a catalog that nodes share the other writers first do 1 to 4 with their rows
// (DropRows), the catalog gets a record of what is gone (catalog/drop_record.h), the table is gone when its metadata is, and
// then they hear of that (LookAgain): each removes the files that it knows, for no node knows all, and none does so before,
// for the drop may fail until then. It is answered after all of it. Rows that are written to another node meanwhile may go
// with the table or begin a new one.
#include <algorithm>

#include "base/clock.h"
#include "base/log.h"
#include "lake/lake_impl.h"

namespace gigapi {
namespace {

constexpr int64_t kDropDelaysKept = 4;

}  // namespace

/// Opens the gate again however a drop ends.
class LakeImpl::ClosedGate {
 public:
  explicit ClosedGate(WriteGate* gate) : gate_(gate) { gate_->Close(); }
  ~ClosedGate() { gate_->Open(); }
  ClosedGate(const ClosedGate&) = delete;
  ClosedGate& operator=(const ClosedGate&) = delete;

 private:
  WriteGate* const gate_;
};

Status LakeImpl::CheckExists(std::string_view database, std::string_view table) {
  const std::lock_guard lock(state_.mutex);
  if (!state_.databases().contains(database)) return Errorf(ErrorKind::kNotFound, "database not found: {}", database);
  if (!table.empty() && state_.FindTable(database, table) == nullptr) {
    return Errorf(ErrorKind::kNotFound, "measurement not found: {}", table);
  }
  return Status::OK();
}

Status LakeImpl::DropTable(std::string_view database, std::string_view table) {
  if (table.empty()) return Error(ErrorKind::kInvalidArgument, "a table's name is needed");
  return DropNow(database, table);
}

Status LakeImpl::DropDatabase(std::string_view database) { return DropNow(database, {}); }

Status LakeImpl::DropNow(std::string_view database, std::string_view table) {
  ARROW_RETURN_NOT_OK(CheckWritable());
  const std::lock_guard turn(request_mutex_);
  Status exists = CheckExists(database, table);
  if (KindOf(exists) == ErrorKind::kNotFound && follower_) {
    // Another node may have made it a moment ago.
    ARROW_RETURN_NOT_OK(CatchUp());
    exists = CheckExists(database, table);
  }
  ARROW_RETURN_NOT_OK(exists);
  const DropElsewhere& elsewhere = options_.drop_elsewhere;
  DropOrigin origin{.removed_by = RemovedBy::kThisNode};
  if (elsewhere.drop_rows) {
    ARROW_ASSIGN_OR_RAISE(origin.wal_sequences, elsewhere.drop_rows(std::string(database), std::string(table)));
  }
  {
    const std::lock_guard dropping(drop_mutex_);
    ARROW_RETURN_NOT_OK(DropHere(database, table, origin).status());
  }
  LOG_INFO("dropped", "database={} table={}", database, table);
  flusher_->Wake();
  if (!catalog_->is_shared()) return Status::OK();
  ARROW_RETURN_NOT_OK(remover_.RemoveFromCatalog());
  return elsewhere.look_again ? elsewhere.look_again(std::string(database), std::string(table)) : Status::OK();
}

/// Drops what this node has up to this moment, and answers which that is in its log. Wants drop_mutex_.
Result<uint64_t> LakeImpl::DropHere(std::string_view database, std::string_view table, const DropOrigin& origin) {
  std::vector<std::shared_ptr<FlushWaiter>> waiters;
  uint64_t dropped_up_to = 0;
  {
    const ClosedGate closed(&gate_);
    Drop drop{.database = std::string(database), .table = std::string(table)};
    {
      const std::lock_guard lock(state_.mutex);
      drop.sequence = dropped_up_to = state_.applied_sequence;
    }
    drop.files_until_ns = DroppedFilesUntilNs();
    const Status committed = drops_.Add(drop, [this](const Drop& old) { return IsNeedless(old); });
    if (!committed.ok()) {
      LOG_ERROR("a drop failed", "database={} table={} reason=\"{}\"", database, table, committed.message());
      return Error(ErrorKind::kUnavailable, "the drop could not be kept: the disk is full or failing");
    }
    const std::lock_guard lock(state_.mutex);
    DropOrigin here = origin;
    here.wal_sequences[committer_.node()] = dropped_up_to;
    waiters = table.empty() ? state_.DetachDatabase(database, here) : state_.DetachTable(database, table, here);
  }
  // Acknowledged after all: their rows were kept and then dropped.
  for (const auto& waiter : waiters) {
    if (waiter->partitions.fetch_sub(1) == 1) waiter->done(Status::OK());
  }
  return dropped_up_to;
}

Result<uint64_t> LakeImpl::DropRows(std::string_view database, std::string_view table) {
  if (options_.read_only || !options_.accepts_writes) return 0;  // it has none
  ARROW_RETURN_NOT_OK(CheckHealth());
  const std::lock_guard turn(drop_mutex_);
  // What this node has dropped itself leaves the catalog first: all that is found below is the other one's to remove.
  ARROW_RETURN_NOT_OK(remover_.RemoveFromCatalog());
  ARROW_ASSIGN_OR_RAISE(const uint64_t dropped_up_to, DropHere(database, table, {.removed_by = RemovedBy::kAnotherNode}));
  remover_.LeaveCatalogToOthers();
  LOG_INFO("dropped rows of a table that another node drops", "database={} table={}", database, table);
  return dropped_up_to;
}

Status LakeImpl::LookAgain(std::string_view database, std::string_view table) {
  if (!follower_) return Status::OK();
  remover_.BeginToRemoveFiles(database, table);
  std::vector<std::string> tables;
  if (!table.empty()) {
    tables.emplace_back(table);
  } else {
    const std::lock_guard lock(state_.mutex);
    const auto found = state_.databases().find(database);
    if (found == state_.databases().end()) return Status::OK();
    for (const auto& [name, known] : found->second) tables.push_back(name);
  }
  for (const std::string& name : tables) {
    ARROW_RETURN_NOT_OK(follower_->TakeOverTable(std::string(database), name));
  }
  return Status::OK();
}

/// What is dropped now lies in a shared catalog's layers a while longer, and must not be taken for what the catalog has
/// lost.
int64_t LakeImpl::DroppedFilesUntilNs() const {
  return catalog_->is_shared() ? SteadyNanos() + kDropDelaysKept * options_.drop_delay_ms * kNanosPerMilli : 0;
}

/// Whether no start can meet anything any more that the drop is there to hide.
bool LakeImpl::IsNeedless(const Drop& drop) {
  if (SteadyNanos() < drop.files_until_ns) return false;
  if (wal_ == nullptr || drop.sequence >= wal_->replay_floor()) return false;
  const std::lock_guard lock(state_.mutex);
  for (const auto& table : state_.dropped_tables) {
    if (table->database == drop.database && (drop.table.empty() || table->name == drop.table)) return false;
  }
  const auto& databases = state_.dropped_databases;
  return !drop.table.empty() || std::find(databases.begin(), databases.end(), drop.database) == databases.end();
}

}  // namespace gigapi
