// The time zone of tz(): how far its clocks are ahead of UTC, and since when. Immutable; pure but for its loading.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "query/query_engine.h"

namespace gigapi::influx {

class ZoneTable {
 public:
  struct Change {
    int64_t at_s = 0;  // since 1970
    int64_t ahead_s = 0;
  };

  /// Rising in time, at least one. What was before the first holds from its beginning on as well.
  explicit ZoneTable(std::vector<Change> changes) : changes_(std::move(changes)) {}

  int64_t AheadNanos(int64_t nanos) const;
  /// The instant at which clocks show this, given as if they showed UTC. Of two the one that one of them leads to.
  int64_t InstantOf(int64_t local_nanos) const;
  /// The same as SQL of an instant, which is right from `from` to `to` and short where they are near each other.
  std::string AheadSql(const std::string& nanos, int64_t from, int64_t to) const;

  /// Asks the engine, which knows the zones, for the years from 1970 to 2100. kInvalidArgument for a name it does not know.
  static Result<std::shared_ptr<const ZoneTable>> Load(const std::string& name, QueryEngine* engine,
                                                       const QueryCancel& cancel);

 private:
  size_t Find(int64_t nanos) const;

  const std::vector<Change> changes_;
};

}  // namespace gigapi::influx
