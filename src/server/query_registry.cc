#include "server/query_registry.h"

#include <algorithm>

#include "base/clock.h"
#include "base/uuid.h"

namespace gigapi {
namespace {

constexpr size_t kIdBytes = 12;
constexpr size_t kSqlBytesMax = 16 << 10;

QueryState StateOf(const Status& status) {
  if (status.ok()) return QueryState::kCompleted;
  switch (KindOf(status)) {
    case ErrorKind::kCancelled: return QueryState::kCancelled;
    case ErrorKind::kTimeout: return QueryState::kTimedOut;
    default: return QueryState::kFailed;
  }
}

}  // namespace

void QueryRegistry::Ticket::End(const Status& status) {
  if (ended_) return;
  ended_ = true;
  registry_->End(id_, StateOf(status), rows_, status.ok() ? std::string() : status.message());
}

std::unique_ptr<QueryRegistry::Ticket> QueryRegistry::Begin(const QueryRequest& request, std::string remote_address,
                                                            QueryCancel cancel) {
  ActiveQuery query{{}, std::move(cancel)};
  query.record.id = NewUuid().substr(0, kIdBytes);
  query.record.sql = request.sql.substr(0, kSqlBytesMax);
  query.record.database = request.database;
  query.record.remote_address = std::move(remote_address);
  query.record.begin_ns = WallNanos();
  auto ticket = std::make_unique<Ticket>(this, query.record.id);
  const std::lock_guard lock(mutex_);
  const std::string id = query.record.id;
  running_.insert_or_assign(id, std::move(query));
  return ticket;
}

void QueryRegistry::Retire(ActiveMap::iterator running, QueryState state) {
  QueryRecord& record = running->second.record;
  record.state = state;
  record.end_ns = WallNanos();
  history_.push_front(std::move(record));
  if (history_.size() > history_max_) history_.pop_back();
  running_.erase(running);
}

void QueryRegistry::End(const std::string& id, QueryState state, int64_t rows, std::string error) {
  const std::lock_guard lock(mutex_);
  const auto running = running_.find(id);
  if (running == running_.end()) return;  // cancelled, and history already
  running->second.record.rows = rows;
  running->second.record.error = std::move(error);
  Retire(running, state);
}

bool QueryRegistry::Cancel(std::string_view id) {
  std::optional<QueryCancel> cancel;
  {
    const std::lock_guard lock(mutex_);
    const auto running = running_.find(id);
    if (running == running_.end()) return false;
    cancel = running->second.cancel;
    Retire(running, QueryState::kCancelled);
  }
  cancel->Cancel();
  return true;
}

std::vector<QueryRecord> QueryRegistry::Running() const {
  std::vector<QueryRecord> records;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, query] : running_) records.push_back(query.record);
  }
  std::sort(records.begin(), records.end(), [](const auto& a, const auto& b) { return a.begin_ns < b.begin_ns; });
  return records;
}

std::vector<QueryRecord> QueryRegistry::History(size_t records_max) const {
  const std::lock_guard lock(mutex_);
  const auto end = history_.begin() + static_cast<ptrdiff_t>(std::min(records_max, history_.size()));
  return {history_.begin(), end};
}

std::optional<QueryRecord> QueryRegistry::Find(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  if (const auto running = running_.find(id); running != running_.end()) return running->second.record;
  const auto found = std::find_if(history_.begin(), history_.end(), [&](const auto& record) { return record.id == id; });
  return found != history_.end() ? std::optional(*found) : std::nullopt;
}

}  // namespace gigapi
