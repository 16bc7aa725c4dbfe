// Where the series of an answer go, one after the other, each row by row.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/api/influx/series_value.h"

namespace gigapi::influx {

class ZoneTable;

using SeriesTags = std::vector<std::pair<std::string, std::string>>;

/// One thread.
class SeriesSink {
 public:
  virtual ~SeriesSink() = default;
  /// Ends the series before. `columns` are those of the values, without the time.
  virtual void BeginSeries(std::string_view name, const SeriesTags& tags, const std::vector<std::string>& columns) = 0;
  /// In which zone times are told that are text; called before the first series.
  virtual void UseZone(std::shared_ptr<const ZoneTable>) {}
  virtual void Row(int64_t time_ns, const std::vector<SeriesValue>& values) = 0;
};

}  // namespace gigapi::influx
