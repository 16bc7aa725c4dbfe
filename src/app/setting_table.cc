#include "app/setting_table.h"

#include <algorithm>

namespace gigapi {
namespace {

constexpr std::string_view kProcess = "Process";
constexpr std::string_view kData = "Data";
constexpr std::string_view kCluster = "Several nodes";
constexpr std::string_view kHttp = "HTTP";
constexpr std::string_view kFlight = "Flight SQL";
constexpr std::string_view kWriting = "Writing and keeping";
constexpr std::string_view kMerging = "Merging";
constexpr std::string_view kQueries = "Queries";
constexpr std::string_view kLater = "Accepted, without effect yet";
constexpr double kPortMax = 65'535;
constexpr double kInt32Max = std::numeric_limits<int32_t>::max();

std::vector<SettingSpec> MakeTable() {
  using S = Settings;
  constexpr auto kBytes = SettingUnit::kBytes;
  return {
      {.group = kProcess,
       .key = "enabled",
       .environment = {{"GIGAPI_ENABLED"}},
       .field = &S::enabled,
       .doc = "Must be true: a process that is not enabled has nothing to do."},
      {.group = kProcess,
       .key = "mode",
       .environment = {{"GIGAPI_MODE"}},
       .field = &S::mode,
       .doc = "Which parts run. `aio` is all in one. Of nodes that share a lake, `writeonly` takes rows, `readonly` answers "
              "queries, `compaction` merges files and moves them from layer to layer.",
       .choices = {"aio", "readonly", "writeonly", "compaction"}},
      {.group = kProcess,
       .key = "log_level",
       .environment = {{"LOGLEVEL"}},
       .field = &S::log_level,
       .doc = "The least severe messages that are logged.",
       .choices = {"debug", "info", "warn", "warning", "error", "fatal"}},

      {.group = kData,
       .key = "root",
       .environment = {{"GIGAPI_ROOT"}},
       .field = &S::root,
       .doc = "The folder with the write-ahead log and, without layers, all data. Created when it does not exist. Each node "
              "has "
              "one of its own."},
      {.group = kData,
       .key = "metadata_type",
       .environment = {{"GIGAPI_METADATA_TYPE"}},
       .field = &S::metadata_type,
       .doc = "Where the list of files is kept: `json` is a metadata.json beside the files, on a disk or in a bucket "
              "(`local` is "
              "the same); `redis` is an index that nodes share.",
       .choices = {"json", "redis"},
       .older_choice = "local"},
      {.group = kData,
       .key = "metadata_url",
       .environment = {{"GIGAPI_METADATA_URL"}},
       .field = &S::metadata_url,
       .doc =
           "Address of the metadata service, as in redis://user:password@redis:6379/0, or rediss:// over TLS. Means nothing "
           "to `json`.",
       .secret = true},
      {.group = kData,
       .key = "cache_bytes_max",
       .environment = {{"GIGAPI_CACHE_BYTES_MAX"}},
       .field = &S::cache_bytes_max,
       .doc = "Local disk that blocks of files in buckets may take, under <root>/.gigapi/cache. 0: none is used.",
       .unit = kBytes},
      {.group = kData,
       .key = "cache_memory_bytes_max",
       .environment = {{"GIGAPI_CACHE_MEMORY_BYTES_MAX"}},
       .field = &S::cache_memory_bytes_max,
       .doc = "Memory that the footers of files in buckets may take.",
       .unit = kBytes},
      {.group = kData,
       .key = "disk_free_bytes_min",
       .environment = {{"GIGAPI_DISK_FREE_BYTES_MIN"}},
       .field = &S::disk_free_bytes_min,
       .doc = "A local layer whose disk has less free than this gives its oldest files to the next layer early.",
       .unit = kBytes},
      {.group = kData,
       .key = "disk_free_percent_min",
       .environment = {{"GIGAPI_DISK_FREE_PERCENT_MIN"}},
       .field = &S::disk_free_percent_min,
       .doc = "The same in percent of the disk; the larger of both counts."},
      {.group = kData,
       .key = "backup_auth_key",
       .environment = {{"GIGAPI_BACKUP_AUTH_KEY"}},
       .field = &S::backup_auth_key,
       .doc = "Access key of S3 places that backups go to; without it what other programs of the machine would use.",
       .secret = true},
      {.group = kData,
       .key = "backup_auth_secret",
       .environment = {{"GIGAPI_BACKUP_AUTH_SECRET"}},
       .field = &S::backup_auth_secret,
       .doc = "Secret key of S3 places that backups go to; the account's key of Azure ones; the text of a service account's "
              "key file (JSON) of GCS ones.",
       .secret = true},
      {.group = kData,
       .key = "allow_save_to_hd",
       .environment = {{"GIGAPI_ALLOW_SAVE_TO_HD"}},
       .field = &S::allow_save_to_hd,
       .doc = "Must be true: a server that keeps rows in memory only is not built. See durability = none."},

      {.group = kCluster,
       .key = "advertise_host",
       .environment = {{"GIGAPI_ADVERTISE_HOST"}},
       .field = &S::advertise_host,
       .doc = "The name or address under which other nodes of the same lake reach this one. Without it http_host, or the "
              "machine's name where that means every address."},
      {.group = kCluster,
       .key = "fresh_reads",
       .environment = {{"GIGAPI_FRESH_READS"}},
       .field = &S::fresh_reads,
       .doc =
           "Whether queries ask other nodes over Flight for rows that are in no file yet, so that what was written to any "
           "node is seen on all at once."},
      {.group = kCluster,
       .key = "fresh_reads_timeout_ms",
       .environment = {{"GIGAPI_FRESH_READS_TIMEOUT_MS"}},
       .field = &S::fresh_reads_timeout_ms,
       .doc = "How long a query waits for another node. An answer that lacks its rows says so in a header.",
       .min = 1,
       .max = 600'000},
      {.group = kCluster,
       .key = "heartbeat_interval_ms",
       .environment = {{"GIGAPI_HEARTBEAT_INTERVAL_MS"}},
       .field = &S::heartbeat_interval_ms,
       .doc = "How often a node tells the others that it is alive. In a bucket each time is one write and one listing.",
       .min = 10,
       .max = 3'600'000},
      {.group = kCluster,
       .key = "lease_ms",
       .environment = {{"GIGAPI_LEASE_MS"}},
       .field = &S::lease_ms,
       .doc =
           "How long a node may be silent before others take over what it was merging or moving. At least two heartbeats; "
           "the same on all nodes.",
       .min = 20,
       .max = 36'000'000},
      {.group = kCluster,
       .key = "catalog_checkpoint_interval_ms",
       .environment = {{"GIGAPI_CATALOG_CHECKPOINT_INTERVAL_MS"}},
       .field = &S::catalog_checkpoint_interval_ms,
       .doc = "How often a node that merges gathers a bucket's catalog in a few objects, where it has changed, so that "
              "nodes start "
              "fast. 0: never.",
       .min = 0,
       .max = 86'400'000},
      {.group = kCluster,
       .key = "cluster_tls_ca",
       .environment = {{"GIGAPI_CLUSTER_TLS_CA"}},
       .field = &S::cluster_tls_ca,
       .doc = "PEM file of the authority that signed the certificates of the nodes, where they speak TLS to each other. "
              "Without it those that the system trusts."},

      {.group = kHttp,
       .key = "http_host",
       .environment = {{"HTTP_HOST"}, {"HOST"}},
       .field = &S::http_host,
       .doc = "The address to listen on. 127.0.0.1 serves this machine only."},
      {.group = kHttp,
       .key = "http_port",
       .environment = {{"HTTP_PORT"}, {"PORT"}},
       .field = &S::http_port,
       .doc = "The port to listen on; 0 takes any that is free and prints it.",
       .max = kPortMax},
      {.group = kHttp,
       .key = "http_basic_auth_username",
       .environment = {{"HTTP_BASIC_AUTH_USERNAME"}},
       .field = &S::http_basic_auth_username,
       .doc = "With the password: every endpoint but /ping asks for these credentials."},
      {.group = kHttp,
       .key = "http_basic_auth_password",
       .environment = {{"HTTP_BASIC_AUTH_PASSWORD"}},
       .field = &S::http_basic_auth_password,
       .doc = "The password of http_basic_auth_username.",
       .secret = true},
      {.group = kHttp,
       .key = "secret",
       .environment = {{"GIGAPI_SECRET"}},
       .field = &S::secret,
       .doc = "Must be empty: tokens are not built yet. Use http_basic_auth_username and http_basic_auth_password.",
       .secret = true},
      {.group = kHttp,
       .key = "http_threads",
       .environment = {{"GIGAPI_HTTP_THREADS"}},
       .field = &S::http_threads,
       .doc = "Threads that read requests and parse rows; 0 is one for each core.",
       .max = 1'024,
       .default_text = "0 (one a core)"},
      {.group = kHttp,
       .key = "http_connections_max",
       .environment = {{"GIGAPI_HTTP_CONNECTIONS_MAX"}},
       .field = &S::http_connections_max,
       .doc = "Connections open at once; more are closed at once.",
       .min = 1,
       .max = kInt32Max},
      {.group = kHttp,
       .key = "http_request_timeout_ms",
       .environment = {{"GIGAPI_HTTP_REQUEST_TIMEOUT_MS"}},
       .field = &S::http_request_timeout_ms,
       .doc =
           "The longest that a request's headers take to come, and each 256 KiB of a body or of an answer to move; a slower "
           "connection is closed.",
       .min = 1},
      {.group = kHttp,
       .key = "http_idle_timeout_ms",
       .environment = {{"GIGAPI_HTTP_IDLE_TIMEOUT_MS"}},
       .field = &S::http_idle_timeout_ms,
       .doc = "A connection without a request for this long is closed.",
       .min = 1},
      {.group = kHttp,
       .key = "http_tls_cert",
       .environment = {{"HTTP_TLS_CERT"}},
       .field = &S::http_tls_cert,
       .doc = "A PEM file with the certificate and those that it rests on. With http_tls_key: the port speaks HTTPS, and "
              "nothing else."},
      {.group = kHttp,
       .key = "http_tls_key",
       .environment = {{"HTTP_TLS_KEY"}},
       .field = &S::http_tls_key,
       .doc = "A PEM file with the private key of http_tls_cert."},
      {.group = kHttp,
       .key = "http_body_bytes_max",
       .environment = {{"GIGAPI_HTTP_BODY_BYTES_MAX"}},
       .field = &S::http_body_bytes_max,
       .doc = "The largest body, before and after decompression; a larger one is answered with 413. At most 2GiB.",
       .unit = kBytes,
       .min = 1'024,
       .max = int64_t{2} << 30},  // texts of a column, and a record of the log, are counted with 32 bits
      {.group = kHttp,
       .key = "http_in_flight_bytes_max",
       .environment = {{"GIGAPI_HTTP_IN_FLIGHT_BYTES_MAX"}},
       .field = &S::http_in_flight_bytes_max,
       .doc = "Bytes of all bodies that are being read or written at once; above it writes are answered with 503 and "
              "Retry-After.",
       .unit = kBytes,
       .min = 1'024},

      {.group = kFlight,
       .key = "flightsql_enable",
       .environment = {{"FLIGHTSQL_ENABLE"}},
       .field = &S::flightsql_enable,
       .doc = "Whether Flight SQL is served, on the address of http_host, with its credentials and its certificate."},
      {.group = kFlight,
       .key = "flightsql_port",
       .environment = {{"FLIGHTSQL_PORT"}},
       .field = &S::flightsql_port,
       .doc = "The port of Flight SQL; 0 takes any that is free and prints it.",
       .max = kPortMax},

      {.group = kWriting,
       .key = "durability",
       .environment = {{"GIGAPI_DURABILITY"}},
       .field = &S::durability,
       .doc = "What an acknowledged write is promised: `fsync` it is on disk; `os` it survives the process, not a power "
              "cut; `flush` it is in a committed Parquet file (slow); `none` nothing.",
       .choices = {"fsync", "os", "flush", "none"}},
      {.group = kWriting,
       .key = "flush_interval_ms",
       .environment = {{"GIGAPI_FLUSH_INTERVAL_MS"}, {"GIGAPI_SAVE_TIMEOUT_S", 1'000}},
       .field = &S::flush_interval_ms,
       .doc = "The longest that a row waits before it is written to Parquet. Rows are kept and visible before that. "
              "GIGAPI_SAVE_TIMEOUT_S counts seconds, fractions included.",
       .min = 1},
      {.group = kWriting,
       .key = "flush_partition_bytes",
       .environment = {{"GIGAPI_FLUSH_PARTITION_BYTES"}},
       .field = &S::flush_partition_bytes,
       .doc = "A table's hour is written to Parquet earlier when it has this much in memory.",
       .unit = kBytes,
       .min = 64 << 10},
      {.group = kWriting,
       .key = "buffer_bytes_max",
       .environment = {{"GIGAPI_BUFFER_BYTES_MAX"}},
       .field = &S::buffer_bytes_max,
       .doc = "Rows in memory, of all tables; above it writes wait for a flush.",
       .unit = kBytes,
       .min = 1 << 20},
      {.group = kWriting,
       .key = "buffer_wait_ms_max",
       .environment = {{"GIGAPI_BUFFER_WAIT_MS_MAX"}},
       .field = &S::buffer_wait_ms_max,
       .doc = "A write that has waited this long for room is answered with 503 and Retry-After."},
      {.group = kWriting,
       .key = "wal_segment_bytes",
       .environment = {{"GIGAPI_WAL_SEGMENT_BYTES"}},
       .field = &S::wal_segment_bytes,
       .doc = "The size of one file of the write-ahead log.",
       .unit = kBytes,
       .min = 1 << 20,
       .max = 1 << 30},
      {.group = kWriting,
       .key = "wal_bytes_max",
       .environment = {{"GIGAPI_WAL_BYTES_MAX"}},
       .field = &S::wal_bytes_max,
       .doc = "When the write-ahead log holds more that is still needed, the oldest rows are flushed first.",
       .unit = kBytes,
       .min = 4 << 20},
      {.group = kWriting,
       .key = "line_bytes_max",
       .environment = {{"GIGAPI_LINE_BYTES_MAX"}},
       .field = &S::line_bytes_max,
       .doc = "The longest line of line protocol; a longer one is refused.",
       .unit = kBytes,
       .min = 256},
      {.group = kWriting,
       .key = "columns_per_table_max",
       .environment = {{"GIGAPI_COLUMNS_PER_TABLE_MAX"}},
       .field = &S::columns_per_table_max,
       .doc = "Tags and fields of one table; lines that would add more are refused.",
       .min = 2,
       .max = 100'000},
      {.group = kWriting,
       .key = "tables_per_database_max",
       .environment = {{"GIGAPI_TABLES_PER_DATABASE_MAX"}},
       .field = &S::tables_per_database_max,
       .doc = "Tables of one database; writes that would add more are refused.",
       .min = 1},
      {.group = kWriting,
       .key = "databases_max",
       .environment = {{"GIGAPI_DATABASES_MAX"}},
       .field = &S::databases_max,
       .doc = "Databases; writes that would add more are refused.",
       .min = 1},
      {.group = kWriting,
       .key = "imports_max",
       .environment = {{"GIGAPI_IMPORTS_MAX"}},
       .field = &S::imports_max,
       .doc = "Imports at once, each on a thread of its own. 16 more wait, then they get 503.",
       .min = 1,
       .max = 1'000},
      {.group = kWriting,
       .key = "import_bytes_max",
       .environment = {{"GIGAPI_IMPORT_BYTES_MAX"}},
       .field = &S::import_bytes_max,
       .doc = "Of one import, as sent and decompressed. It is worked on while it arrives and takes no memory.",
       .unit = kBytes,
       .min = 1},
      {.group = kWriting,
       .key = "import_spool_bytes_max",
       .environment = {{"GIGAPI_IMPORT_SPOOL_BYTES_MAX"}},
       .field = &S::import_spool_bytes_max,
       .doc = "Of an imported Parquet file, which lies below the root while it is read.",
       .unit = kBytes,
       .min = 1},

      {.group = kMerging,
       .key = "no_merges",
       .environment = {{"GIGAPI_NO_MERGES"}},
       .field = &S::no_merges,
       .doc = "Leave the files of flushes as they are."},
      {.group = kMerging,
       .key = "merge_timeout_s",
       .environment = {{"GIGAPI_MERGE_TIMEOUT_S"}},
       .field = &S::merge_timeout_s,
       .doc = "T in the merge plan: level 1 to 2 every T, 2 to 3 every 10 T, 3 to 4 every 100 T. Seconds.",
       .min = 0.01},
      {.group = kMerging,
       .key = "drop_delay_ms",
       .environment = {{"GIGAPI_DROP_DELAY_MS"}},
       .field = &S::drop_delay_ms,
       .doc = "How long a file that a merge has replaced stays on disk, for readers that know its name."},
      {.group = kMerging,
       .key = "sweep_interval_ms",
       .environment = {{"GIGAPI_SWEEP_INTERVAL_MS"}},
       .field = &S::sweep_interval_ms,
       .doc =
           "How often layers are looked through for files of merges, moves and flushes that were cut short, whose rows are "
           "all in other files, and for uploads that never ended; both are removed. 0: never."},
      {.group = kMerging,
       .key = "sweep_age_min_ms",
       .environment = {{"GIGAPI_SWEEP_AGE_MIN_MS"}},
       .field = &S::sweep_age_min_ms,
       .doc = "What is younger is never removed so. Longer than any query and any upload."},

      {.group = kQueries,
       .key = "duckdb_mem_limit",
       .environment = {{"DUCKDB_MEM_LIMIT"}},
       .field = &S::duckdb_mem_limit,
       .doc = "Memory of all queries together, as DuckDB reads it: 1GB, 512MiB. What they compute with may take as much "
              "again."},
      {.group = kQueries,
       .key = "duckdb_thread_limit",
       .environment = {{"DUCKDB_THREAD_LIMIT"}},
       .field = &S::duckdb_thread_limit,
       .doc = "Threads of all queries together. 0 is one for each core; GigAPI's default is 1, which leaves the other "
              "cores idle while one query runs.",
       .max = 1'024,
       .default_text = "0 (one a core)"},
      {.group = kQueries,
       .key = "query_timeout_ms",
       .environment = {{"GIGAPI_QUERY_TIMEOUT_MS"}},
       .field = &S::query_timeout_ms,
       .doc = "A query that runs longer is stopped; 0 is no limit."},
      {.group = kQueries,
       .key = "query_rows_max",
       .environment = {{"GIGAPI_QUERY_ROWS_MAX"}},
       .field = &S::query_rows_max,
       .doc = "A query with more rows in its answer fails; 0 is no limit.",
       .default_text = "0 (no limit)"},
      {.group = kQueries,
       .key = "queries_max",
       .environment = {{"GIGAPI_QUERIES_MAX"}},
       .field = &S::queries_max,
       .doc = "Queries that run at once; the rest wait.",
       .min = 1,
       .max = 10'000},
      {.group = kQueries,
       .key = "queries_queued_max",
       .environment = {{"GIGAPI_QUERIES_QUEUED_MAX"}},
       .field = &S::queries_queued_max,
       .doc = "Queries that wait; more are answered with 503.",
       .max = 1'000'000},
      {.group = kQueries,
       .key = "query_queue_timeout_ms",
       .environment = {{"GIGAPI_QUERY_QUEUE_TIMEOUT_MS"}},
       .field = &S::query_queue_timeout_ms,
       .doc = "A query that waits longer is answered with 503.",
       .min = 1},
      {.group = kQueries,
       .key = "query_temp_directory",
       .environment = {{"GIGAPI_QUERY_TEMP_DIRECTORY"}},
       .field = &S::query_temp_directory,
       .doc = "Where queries put what does not fit into duckdb_mem_limit; empty: such a query fails."},

      {.group = kLater,
       .key = "ui",
       .environment = {{"GIGAPI_UI"}},
       .field = &S::ui,
       .doc = "The page in the browser, once there is one."},
  };
}

std::vector<LayerSettingSpec> MakeLayerTable() {
  using L = LayerSettings;
  return {
      {.key = "name", .field = &L::name, .doc = "A name of its own."},
      {.key = "type",
       .field = &L::type,
       .doc = "`fs` for a folder, `s3` for a bucket of S3 or of what speaks its protocol, `gcs`, `azure`. Not set: what "
              "the url says."},
      {.key = "url",
       .field = &L::url,
       .doc =
           "file:///folder or a path; s3://endpoint/bucket/prefix?secure=&url-style=path|vhost&region=; gs://bucket/prefix; "
           "abfs://container@account/prefix; both may have ?endpoint=host:port&secure=true|false. The folder of the first "
           "layer is the data root where `root` is not set."},
      {.key = "global",
       .field = &L::global,
       .doc = "Whether every node sees the layer. The catalog that nodes share lies in the first such bucket or, without "
              "one, in "
              "the first such folder; a node of mode `aio` whose root that folder is has it alone."},
      {.key = "ttl",
       .field = &L::ttl_s,
       .doc = "How long files stay (10s, 30m, 4w) before they move to the next layer, or are dropped from the last; 0 is "
              "for ever. A local disk that is nearly full gives files to the next layer before."},
      {.key = "auth_key",
       .field = &L::auth_key,
       .doc = "Access key of an s3 layer. Empty: what other programs of this machine use. A gcs layer has none.",
       .secret = true},
      {.key = "auth_secret",
       .field = &L::auth_secret,
       .doc =
           "Secret key of an s3 layer; the account's key of an azure one; the text of a service account's key file (JSON) "
           "of a gcs one.",
       .secret = true},
  };
}

}  // namespace

std::span<const SettingSpec> SettingTable() {
  static const std::vector<SettingSpec> table = MakeTable();
  return table;
}

std::span<const LayerSettingSpec> LayerSettingTable() {
  static const std::vector<LayerSettingSpec> table = MakeLayerTable();
  return table;
}

const SettingSpec* FindSetting(std::string_view key) {
  const auto table = SettingTable();
  const auto found = std::ranges::find(table, key, &SettingSpec::key);
  return found == table.end() ? nullptr : &*found;
}

std::string FlagOf(const SettingSpec& spec) {
  std::string flag = fmt::format("--{}", spec.key);
  std::ranges::replace(flag, '_', '-');
  return flag;
}

}  // namespace gigapi
