// Imports: bodies of any size, worked on while they arrive, in memory that does not depend on their size.
//
// Text is cut into pieces of whole records, Arrow comes in its own batches, Parquet is spooled to a nameless file first, as
// its directory stands at its end. Each piece is kept before the next is parsed: what an import that fails half-way has
// written stays, and is a prefix of the body.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "ingest/parse_options.h"
#include "lake/lake.h"
#include "server/http/http.h"
#include "server/import/import_writer.h"
#include "server/parser_registry.h"

namespace gigapi {

struct ImportLimits {
  int64_t body_bytes_max = int64_t{64} << 30;  // decompressed
  int64_t spool_bytes_max = int64_t{8} << 30;  // of a Parquet file
  int64_t whole_bytes_max = 256 << 20;         // of formats that cannot be cut: MessagePack
  std::string spool_directory;                 // empty: no Parquet
  int64_t line_bytes_max = 1 << 20;
  int64_t columns_per_table_max = 1'000;
};

struct ImportRequest {
  ImportWriterOptions writer;
  ParseOptions parse;  // without now_ns
  std::string media_type;
  std::string content_encoding;
  int64_t skip_records = 0;  // of CSV, before its header
  bool needs_time = false;   // CSV and Parquet without a column of times are refused
};

/// Thread-safe.
class Importer {
 public:
  /// All must outlive it. `stats` counts what imports write as other writes are counted.
  Importer(ImportLimits limits, const ParserRegistry* parsers, Lake* lake, WriteStats* stats)
      : limits_(std::move(limits)), parsers_(parsers), lake_(lake), stats_(stats) {}

  /// Reads the body to its end, or to a failure, on the calling thread, which it blocks.
  ImportOutcome Run(const ImportRequest& request, http::BodyReader* body) const;
  /// Imports under way end before their next piece, and new ones at once.
  void Stop() { stopping_ = true; }

 private:
  Status RunFormat(const ImportRequest& request, const ParseOptions& options, http::BodyReader* body,
                   ImportWriter* writer) const;
  Status RunWhole(const ImportRequest& request, const ParseOptions& options, http::BodyReader* body,
                  ImportWriter* writer) const;

  const ImportLimits limits_;
  const ParserRegistry* const parsers_;
  Lake* const lake_;
  WriteStats* const stats_;
  std::atomic<bool> stopping_{false};
};

}  // namespace gigapi
