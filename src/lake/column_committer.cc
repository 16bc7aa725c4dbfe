#include "lake/column_committer.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/parallel.h"
#include "base/thread.h"

namespace gigapi {
namespace {

/// More are refused: a catalog that does not answer must not fill the memory with requests.
constexpr size_t kWaitingMax = 10'000;
/// They mostly wait for the store.
constexpr size_t kCommitThreads = 16;
/// Beside the store's own attempts.
constexpr auto kRetryWait = std::chrono::milliseconds(100);

bool MayBeTriedAgain(const Status& status) {
  const ErrorKind kind = KindOf(status);
  return !status.ok() && kind != ErrorKind::kConflict && kind != ErrorKind::kInvalidArgument;
}

}  // namespace

void ColumnCommitter::Start() {
  thread_ = StartThread("columns", [this] { Run(); });
}

void ColumnCommitter::Stop() {
  std::map<uint64_t, Waiting> left;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    left.swap(waiting_);
    wake_.notify_one();
  }
  for (auto& [id, waiting] : left) waiting.done(Error(ErrorKind::kUnavailable, "the server is stopping"));
  if (thread_.joinable()) thread_.join();
}

void ColumnCommitter::Commit(std::vector<TableGrowth> growth, Done done) {
  Status refused;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) {
      refused = Error(ErrorKind::kUnavailable, "the server is stopping");
    } else if (waiting_.size() >= kWaitingMax) {
      refused = Error(ErrorKind::kOverloaded, "too many writes wait for the catalog to take their columns");
    } else {
      waiting_.emplace(next_id_++, Waiting{std::move(growth), std::move(done), SteadyNanos() + wait_ns_max_});
      wake_.notify_one();
    }
  }
  if (!refused.ok()) done(std::move(refused));
}

void ColumnCommitter::Expire(int64_t now_ns) {
  std::vector<Done> late;
  {
    const std::lock_guard lock(mutex_);
    for (auto each = waiting_.begin(); each != waiting_.end() && each->second.deadline_ns <= now_ns;) {
      late.push_back(std::move(each->second.done));
      each = waiting_.erase(each);
    }
  }
  for (const Done& done : late) {
    done(Error(ErrorKind::kUnavailable, "the catalog does not answer, so new tables and columns cannot be made now"));
  }
}

void ColumnCommitter::Run() {
  for (bool failed = false;;) {
    std::vector<std::pair<uint64_t, std::vector<TableGrowth>>> jobs;
    {
      std::unique_lock lock(mutex_);
      if (failed) wake_.wait_for(lock, kRetryWait, [this] { return stopping_; });
      wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return;
      for (const auto& [id, waiting] : waiting_) jobs.emplace_back(id, waiting.growth);
    }
    // Each table once: what one write has made, the others find.
    std::map<Table*, Status> results;
    std::vector<TableGrowth> tables;
    for (const auto& [id, growth] : jobs) {
      for (const TableGrowth& each : growth) {
        if (results.try_emplace(each.table.get()).second) tables.push_back(each);
      }
    }
    std::vector<Status> statuses(tables.size());
    (void)ForEachConcurrently(tables.size(), kCommitThreads, "columns", [&](size_t i) -> Status {
      statuses[i] = Guarded([&] { return CommitGrowth(tables[i]); });
      return Status::OK();
    });
    for (size_t i = 0; i < tables.size(); ++i) results[tables[i].table.get()] = statuses[i];
    failed = false;
    for (const auto& [id, growth] : jobs) {
      Status status;
      for (const TableGrowth& each : growth) {
        if (status.ok()) status = results[each.table.get()];
      }
      if (MayBeTriedAgain(status)) {
        failed = true;  // until its time is up
        continue;
      }
      Done done;
      {
        const std::lock_guard lock(mutex_);
        const auto found = waiting_.find(id);
        if (found == waiting_.end()) continue;  // it was given up
        done = std::move(found->second.done);
        waiting_.erase(found);
      }
      done(std::move(status));
    }
  }
}

Status ColumnCommitter::CommitGrowth(const TableGrowth& growth) {
  // A dropped table of the same name must not take the new one with it.
  ARROW_RETURN_NOT_OK(remover_->RemoveFromCatalog());
  SchemaPtr wanted;
  {
    const std::lock_guard lock(state_->mutex);
    if (growth.table->dropped) return Status::OK();  // whoever asks looks again
    std::vector<ColumnSchema> missing;
    for (const ColumnSchema& column : growth.columns) {
      if (!growth.table->schema->FindIgnoringCase(column.name)) missing.push_back(column);
    }
    wanted = missing.empty() ? growth.table->schema : growth.table->schema->With(missing);
  }
  return CommitNow(growth.table.get(), std::move(wanted)).status();
}

Result<SchemaPtr> ColumnCommitter::CommitNow(Table* table, SchemaPtr schema) {
  const auto is_committed = [&] {
    const std::lock_guard lock(state_->mutex);
    return table->committed_columns >= 0 && std::ranges::all_of(schema->columns(), [&](const ColumnSchema& column) {
             const auto position = table->schema->Find(column.name);
             return position && static_cast<int64_t>(*position) < table->committed_columns;
           });
  };
  if (is_committed()) return schema;
  const std::lock_guard committing(table->commit_mutex);
  return is_committed() ? schema : CommitLocked(table, schema);
}

Result<SchemaPtr> ColumnCommitter::CommitAgain(Table* table, const SchemaPtr& schema) {
  const std::lock_guard committing(table->commit_mutex);
  {
    const std::lock_guard lock(state_->mutex);
    if (table->dropped) return Error(ErrorKind::kConflict, "the table is gone");
  }
  return CommitLocked(table, schema);
}

/// Wants the table's commit_mutex.
Result<SchemaPtr> ColumnCommitter::CommitLocked(Table* table, const SchemaPtr& schema) {
  std::unique_lock directories(state_->directories_mutex, std::defer_lock);
  if (!catalog_->is_shared()) directories.lock();  // a store has none
  auto all = catalog_->CommitTable(table->path, table->name, *schema);
  if (!all.ok() && KindOf(all.status()) == ErrorKind::kConflict) {
    ARROW_ASSIGN_OR_RAISE(const SchemaPtr theirs, catalog_->GetTable(table->path));
    const std::lock_guard lock(state_->mutex);
    if (theirs) state_->AdoptSchema(theirs, table);
  }
  ARROW_RETURN_NOT_OK(all.status());
  const std::lock_guard lock(state_->mutex);
  state_->AdoptSchema(*all, table);
  return all;
}

}  // namespace gigapi
