#include "server/api/flight_sql/flight_stats.h"

#include "server/metrics/exposition.h"

namespace gigapi {

void WriteFlightStats(const FlightStats& stats, Exposition* page) {
  page->Counter("gigapi_flight_calls_total", "Calls of Flight that were taken.", static_cast<double>(stats.calls_total));
  page->Counter("gigapi_flight_refused_total", "Calls of Flight with wrong credentials, or over the limit.",
                static_cast<double>(stats.refused_total));
  page->Gauge("gigapi_flight_calls", "Calls of Flight under way.", static_cast<double>(stats.calls));
  page->Gauge("gigapi_flight_streams", "Results that are being read over Flight.", static_cast<double>(stats.streams));
  page->Counter("gigapi_flight_rows_read_total", "Rows sent over Flight.", static_cast<double>(stats.rows_read_total));
  page->Counter("gigapi_flight_rows_written_total", "Rows written over Flight.",
                static_cast<double>(stats.rows_written_total));
}

}  // namespace gigapi
