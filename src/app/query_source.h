// Where `gigapi query` and `gigapi demo` ask: a running server, or a data root without one.
#pragma once

#include <arrow/record_batch.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "app/http_client.h"
#include "base/error.h"

namespace gigapi {

class QuerySource {
 public:
  virtual ~QuerySource() = default;

  using OnSchema = std::function<Status(const arrow::Schema&)>;
  using OnBatch = std::function<Status(const arrow::RecordBatch&)>;
  /// Runs a query. `on_schema` is called once, before the first batch.
  virtual Status Rows(const std::string& sql, const std::string& database, const OnSchema& on_schema,
                      const OnBatch& on_batch) = 0;

  /// Runs a query; its answer as json or csv, as the server gives it, goes to `sink` piece by piece.
  virtual Status Text(const std::string& sql, const std::string& database, const std::string& format,
                      const HttpClient::BodySink& sink) = 0;
};

/// Asks a server by HTTP.
std::unique_ptr<QuerySource> ServerQuerySource(HttpAddress address);

/// Opens a data root to read, also while a server runs on it. Writes nothing.
Result<std::unique_ptr<QuerySource>> RootQuerySource(const std::string& root);

/// The answer as a table, at most `rows_shown_max` rows of it.
Result<std::string> QueryTable(QuerySource* source, const std::string& sql, const std::string& database,
                               int64_t rows_shown_max);

}  // namespace gigapi
