// Series as InfluxDB 1 has them in JSON: {"name", "tags", "columns", "values"} in {"results": [{"statement_id", "series"}]},
// as one document or in chunks of rows, each a document on a line of its own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "server/api/influx/series_sink.h"
#include "server/encode/output_buffer.h"

namespace gigapi::influx {

/// How an answer is written; pure.
struct SeriesFormat {
  int64_t epoch_unit_ns = 0;  // times are numbers in this unit; 0: RFC 3339
  int64_t chunk_rows = 0;     // 0: one document
};

/// "ns", "u", "ms", "s", "m", "h" and their other names; "" is RFC 3339.
Result<int64_t> ParseEpoch(std::string_view text);

/// Statements one after the other; of each its series, of each its rows. One thread.
class SeriesWriter final : public SeriesSink {
 public:
  SeriesWriter(SeriesFormat format, OutputBuffer* out) : format_(format), out_(out) {}

  void BeginDocument();
  void BeginStatement(size_t statement_id);
  void BeginSeries(std::string_view name, const SeriesTags& tags, const std::vector<std::string>& columns) override;
  /// Holds until the end of the statement.
  void UseZone(std::shared_ptr<const ZoneTable> zone) override { zone_ = std::move(zone); }
  void Row(int64_t time_ns, const std::vector<SeriesValue>& values) override;
  /// Ends the series that is open, and the statement; a warning and an error stand beside what has been written, if any.
  void EndStatement(std::string_view warning, std::string_view error);
  /// A statement's result, an object, that somebody else has written.
  void WholeStatement(std::string_view json, std::string_view warning);
  void EndDocument();

 private:
  void OpenStatement();
  void OpenSeries();
  void CloseSeries(bool partial);
  void CloseChunk(bool series_goes_on);

  char* WriteTime(int64_t time_ns, char* out) const;

  const SeriesFormat format_;
  OutputBuffer* const out_;
  std::shared_ptr<const ZoneTable> zone_;  // nullptr: UTC
  std::string statement_head_;             // {"statement_id":0
  std::string series_head_;                // {"name":...,"values":[
  bool any_statement_ = false;
  bool statement_open_ = false;
  bool series_open_ = false;
  bool any_series_ = false;  // in this document's statement
  int64_t rows_ = 0;         // of the open series in this document
  int64_t chunk_rows_ = 0;   // in this document
};

}  // namespace gigapi::influx
