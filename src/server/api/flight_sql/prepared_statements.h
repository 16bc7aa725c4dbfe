// The statements that clients have prepared, by handle, until they close them or leave them unused.
//
// A handle stands for the statement's text, its database and the values bound last: statements are bound anew whenever they
// run, so nothing of the engine is held.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>

#include "base/error.h"

namespace gigapi::flight {

struct PreparedStatement {
  std::string sql;
  std::string database;
  std::string parameters;  // the values, as StatementTicket has them; empty: none bound

  int64_t bytes() const { return static_cast<int64_t>(sql.size() + database.size() + parameters.size()); }
};

struct PreparedStatementLimits {
  int64_t idle_ms_max = 3'600'000;
  size_t count_max = 10'000;
  int64_t bytes_max = 64 << 20;  // of all together
  int64_t statement_bytes_max = 4 << 20;
};

/// Over a limit, what has not been used for longest goes. Thread-safe.
class PreparedStatements {
 public:
  /// `steady_ns` tells the time.
  explicit PreparedStatements(PreparedStatementLimits limits, std::function<int64_t()> steady_ns);

  /// A handle that cannot be guessed.
  Result<std::string> Add(PreparedStatement statement);
  /// kNotFound for a handle that is not, or no longer, known. Counts as a use.
  Result<PreparedStatement> Find(const std::string& handle);
  Status Bind(const std::string& handle, std::string parameters);
  /// Nothing happens when there is none.
  void Close(const std::string& handle);

  size_t size() const;

 private:
  struct Entry {
    std::string handle;
    PreparedStatement statement;
    int64_t used_ns;
  };
  using Entries = std::list<Entry>;

  /// The entry, now the first; end() when there is none.
  Entries::iterator Use(const std::string& handle);
  void Remove(Entries::iterator entry);
  void Shrink();

  const PreparedStatementLimits limits_;
  const std::function<int64_t()> steady_ns_;
  mutable std::mutex lock_;
  Entries entries_;  // used last first
  std::unordered_map<std::string, Entries::iterator> by_handle_;
  int64_t bytes_ = 0;
};

}  // namespace gigapi::flight
