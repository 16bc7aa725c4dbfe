#include "server/api/gigapi/metrics_route.h"

#include "server/metrics/process_metrics.h"

namespace gigapi {
namespace {

void WriteLake(const LakeMetrics& lake, Exposition* out) {
  out->Counter("gigapi_rows_written_total", "Rows acknowledged by the lake.", lake.rows_written_total);
  out->Counter("gigapi_wal_bytes_total", "Bytes appended to the write-ahead log.", lake.wal_bytes_total);
  out->Counter("gigapi_wal_syncs_total", "Syncs of the write-ahead log.", lake.wal_syncs_total);
  out->Gauge("gigapi_wal_disk_bytes", "Size of the write-ahead log on disk.", lake.wal_disk_bytes);
  out->Gauge("gigapi_wal_failed", "1 when the write-ahead log has failed and no write is accepted until restart.",
             lake.wal_failed ? 1 : 0);
  out->Gauge("gigapi_buffer_rows", "Rows that are not in a file yet.", lake.buffered_rows);
  out->Gauge("gigapi_buffer_bytes", "Memory of rows that are not in a file yet.", lake.buffered_bytes);
  out->Counter("gigapi_flushes_total", "Parquet files written from the buffer.", lake.flushes_total);
  out->Counter("gigapi_flush_failures_total", "Flushes that failed.", lake.flush_failures_total);
  out->Counter("gigapi_flushed_rows_total", "Rows written to Parquet files from the buffer.", lake.flushed_rows_total);
  out->Counter("gigapi_flushed_bytes_total", "Bytes of Parquet files written from the buffer.", lake.flushed_bytes_total);
  out->Gauge("gigapi_files", "Parquet files in the catalog.", lake.files);
  out->Gauge("gigapi_tables", "Tables.", lake.tables);
  out->Gauge("gigapi_drop_queue_files", "Replaced files that are still on disk.", lake.drop_queue_files);
}

void WriteWrites(const WriteStats& writes, Exposition* out) {
  out->Counter("gigapi_write_rows_total", "Rows of write requests that were kept.", writes.rows_written_total);
  out->Counter("gigapi_write_rows_refused_total", "Lines of write requests that were refused.", writes.rows_refused_total);
  out->Counter("gigapi_write_body_bytes_total", "Bytes of write requests, decompressed.", writes.body_bytes_total);
  out->Counter("gigapi_write_parse_seconds_total", "Time spent parsing.",
               static_cast<double>(writes.parse_nanos_total) * 1e-9);
  out->Counter("gigapi_write_parsed_again_total", "Requests parsed again after a change of schema.", writes.reparsed_total);
}

void WriteQueries(const QueryMetrics& engine, const QueryStats& queries, size_t waiting, Exposition* out) {
  out->Gauge("gigapi_queries_running", "Queries that run.", engine.running);
  out->Gauge("gigapi_queries_queued", "Queries that wait for their turn.",
             static_cast<double>(engine.queued) + static_cast<double>(waiting));
  out->Counter("gigapi_queries_total", "Queries started.", engine.started_total);
  out->Counter("gigapi_queries_failed_total", "Queries that failed.", engine.failed_total);
  out->Counter("gigapi_queries_rejected_total", "Queries refused because too many waited.", queries.rejected_total);
  out->Counter("gigapi_query_rows_total", "Rows of query results.", queries.rows_total);
  out->BeginFamily("gigapi_query_duration_seconds", "histogram", "From the start of a query to its last row.");
  out->HistogramSamples("gigapi_query_duration_seconds", {}, queries.seconds);
}

void WriteConnections(const http::HttpServer& server, Exposition* out) {
  const http::HttpStats& stats = server.stats();
  out->Gauge("gigapi_http_connections", "Open connections.", stats.connections);
  out->Counter("gigapi_http_connections_total", "Connections accepted.", stats.connections_total);
  out->Counter("gigapi_http_connections_refused_total", "Connections over the limit.", stats.connections_refused_total);
  out->Counter("gigapi_http_received_bytes_total", "Bytes received.", stats.received_bytes_total);
  out->Counter("gigapi_http_sent_bytes_total", "Bytes sent.", stats.sent_bytes_total);
  out->Counter("gigapi_http_bodies_refused_total", "Requests that found no room for their body.",
               stats.bodies_refused_total);
  out->BeginFamily("gigapi_http_refused_total", "counter", "Requests refused, or cut off, by reason.");
  for (size_t i = 0; i < stats.refused_total.size(); ++i) {
    out->Sample("gigapi_http_refused_total", {{"reason", std::string(http::kRefusalNames[i])}},
                static_cast<double>(stats.refused_total[i]));
  }
  out->Gauge("gigapi_http_inflight_body_bytes", "Memory reserved for bodies of requests.", server.inflight_body_bytes());
}

std::string Page(const MetricSources& sources) {
  Exposition page;
  WriteLake(sources.lake->metrics(), &page);
  WriteWrites(sources.writes->stats(), &page);
  WriteQueries(sources.engine->metrics(), sources.queries->stats(), sources.query_pool->queued(), &page);
  if (const http::HttpServer* server = sources.http_server()) WriteConnections(*server, &page);
  if (sources.write_more) sources.write_more(&page);
  sources.http_metrics->Write(&page);
  WriteProcessMetrics(&page);
  return page.Take();
}

}  // namespace

void AddMetricsRoute(MetricSources sources, http::Router* router) {
  router->Add("GET", "/metrics", [sources = std::move(sources)](http::ExchangePtr exchange) {
    exchange->Respond({200, {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}}, Page(sources)});
  });
}

}  // namespace gigapi
