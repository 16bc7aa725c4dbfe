#include "server/api/flight_sql/prepared_statements.h"

#include "base/clock.h"
#include "base/uuid.h"

namespace gigapi::flight {

PreparedStatements::PreparedStatements(PreparedStatementLimits limits, std::function<int64_t()> steady_ns)
    : limits_(limits), steady_ns_(std::move(steady_ns)) {}

Result<std::string> PreparedStatements::Add(PreparedStatement statement) {
  if (statement.bytes() > limits_.statement_bytes_max) {
    return Errorf(ErrorKind::kTooLarge, "the statement is larger than {} bytes", limits_.statement_bytes_max);
  }
  const std::string handle = NewUuid();
  const std::lock_guard<std::mutex> guard(lock_);
  bytes_ += statement.bytes();
  entries_.push_front({handle, std::move(statement), steady_ns_()});
  by_handle_[handle] = entries_.begin();
  Shrink();
  return handle;
}

Result<PreparedStatement> PreparedStatements::Find(const std::string& handle) {
  const std::lock_guard<std::mutex> guard(lock_);
  const auto entry = Use(handle);
  if (entry == entries_.end())
    return Error(ErrorKind::kNotFound, "no such prepared statement: it was closed, or has expired");
  return entry->statement;
}

Status PreparedStatements::Bind(const std::string& handle, std::string parameters) {
  const std::lock_guard<std::mutex> guard(lock_);
  const auto entry = Use(handle);
  if (entry == entries_.end())
    return Error(ErrorKind::kNotFound, "no such prepared statement: it was closed, or has expired");
  PreparedStatement& statement = entry->statement;
  if (static_cast<int64_t>(statement.sql.size() + parameters.size()) > limits_.statement_bytes_max) {
    return Errorf(ErrorKind::kTooLarge, "the statement and its parameters are larger than {} bytes",
                  limits_.statement_bytes_max);
  }
  bytes_ -= statement.bytes();
  statement.parameters = std::move(parameters);
  bytes_ += statement.bytes();
  Shrink();
  return Status::OK();
}

void PreparedStatements::Close(const std::string& handle) {
  const std::lock_guard<std::mutex> guard(lock_);
  const auto found = by_handle_.find(handle);
  if (found != by_handle_.end()) Remove(found->second);
}

size_t PreparedStatements::size() const {
  const std::lock_guard<std::mutex> guard(lock_);
  return entries_.size();
}

PreparedStatements::Entries::iterator PreparedStatements::Use(const std::string& handle) {
  Shrink();
  const auto found = by_handle_.find(handle);
  if (found == by_handle_.end()) return entries_.end();
  entries_.splice(entries_.begin(), entries_, found->second);
  entries_.front().used_ns = steady_ns_();
  return entries_.begin();
}

void PreparedStatements::Remove(Entries::iterator entry) {
  bytes_ -= entry->statement.bytes();
  by_handle_.erase(entry->handle);
  entries_.erase(entry);
}

void PreparedStatements::Shrink() {
  const int64_t oldest_ns = steady_ns_() - limits_.idle_ms_max * kNanosPerMilli;
  while (!entries_.empty() && (entries_.back().used_ns < oldest_ns || entries_.size() > limits_.count_max ||
                               (bytes_ > limits_.bytes_max && entries_.size() > 1))) {
    Remove(std::prev(entries_.end()));
  }
}

}  // namespace gigapi::flight
