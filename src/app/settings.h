// All settings of the program. Each field is described once, in setting_table.cc: its names in the file, the environment
// and on the command line, its limits and its text. Loading, `gigapi config`, --help and docs/settings.md come from there.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace gigapi {

/// Where data may lie; GigAPI's "data layer".
struct LayerSettings {
  std::string name;
  std::string type;  // fs, s3
  std::string url;
  bool global = false;
  int64_t ttl_s = 0;  // 0: stays for ever
  std::string auth_key;
  std::string auth_secret;
};

struct Settings {
  // What this process is
  bool enabled = true;
  std::string mode = "aio";
  std::string log_level = "info";

  // Where data lies
  std::string root = "data";
  std::vector<LayerSettings> layers;
  std::string metadata_type = "json";
  std::string metadata_url;
  bool allow_save_to_hd = true;
  int64_t cache_bytes_max = int64_t{10} << 30;
  int64_t cache_memory_bytes_max = 64 << 20;
  int64_t disk_free_bytes_min = 1 << 30;
  double disk_free_percent_min = 5;
  std::string backup_auth_key;
  std::string backup_auth_secret;

  // Several nodes
  std::string advertise_host;
  int64_t heartbeat_interval_ms = 5'000;
  int64_t lease_ms = 15'000;
  int64_t catalog_checkpoint_interval_ms = 300'000;
  bool fresh_reads = true;
  int64_t fresh_reads_timeout_ms = 1'000;
  std::string cluster_tls_ca;

  // HTTP
  std::string http_host = "0.0.0.0";
  int64_t http_port = 7971;
  std::string http_basic_auth_username;
  std::string http_basic_auth_password;
  std::string secret;
  int64_t http_threads = 0;  // 0: one a core
  int64_t http_connections_max = 10'000;
  int64_t http_body_bytes_max = 256 << 20;
  int64_t http_in_flight_bytes_max = 256 << 20;
  int64_t http_request_timeout_ms = 30'000;
  int64_t http_idle_timeout_ms = 75'000;
  std::string http_tls_cert;
  std::string http_tls_key;

  // Flight SQL
  bool flightsql_enable = true;
  int64_t flightsql_port = 8082;

  // Writing and keeping
  std::string durability = "fsync";
  int64_t flush_interval_ms = 10'000;
  int64_t flush_partition_bytes = 64 << 20;
  int64_t buffer_bytes_max = 160 << 20;
  int64_t buffer_wait_ms_max = 5'000;
  int64_t wal_segment_bytes = 64 << 20;
  int64_t wal_bytes_max = 1 << 30;
  int64_t line_bytes_max = 1 << 20;
  int64_t columns_per_table_max = 1'000;
  int64_t tables_per_database_max = 10'000;
  int64_t databases_max = 1'000;
  int64_t imports_max = 4;
  int64_t import_bytes_max = int64_t{64} << 30;
  int64_t import_spool_bytes_max = int64_t{8} << 30;

  // Merging
  bool no_merges = false;
  double merge_timeout_s = 10;
  int64_t sweep_interval_ms = 86'400'000;
  int64_t sweep_age_min_ms = 86'400'000;
  int64_t drop_delay_ms = 30'000;

  // Asking
  std::string duckdb_mem_limit = "1GB";
  int64_t duckdb_thread_limit = 0;  // 0: one a core
  int64_t query_timeout_ms = 300'000;
  int64_t query_rows_max = 0;  // 0: none
  int64_t queries_max = 16;
  int64_t queries_queued_max = 256;
  int64_t query_queue_timeout_ms = 10'000;
  std::string query_temp_directory;  // empty: queries do not spill

  // Accepted, without effect until its part exists
  bool ui = true;
};

}  // namespace gigapi
