// The types of an answer: those of DuckDB, but for a few whose values Arrow's types do not hold, or not rightly as DuckDB
// exports them. Such columns are text.
#pragma once

#include "query/duckdb_headers.h"

namespace gigapi {

/// UHUGEINT, BIGNUM, BIT, TIME WITH TIME ZONE and VARIANT are VARCHAR, also within lists, structs, maps...; the parts of a
/// struct without names are f1, f2...
duckdb::LogicalType AnswerType(const duckdb::LogicalType& type);

/// Turns chunks of a result into chunks of an answer.
class AnswerTypes {
 public:
  explicit AnswerTypes(const duckdb::vector<duckdb::LogicalType>& types);

  const duckdb::vector<duckdb::LogicalType>& types() const { return types_; }
  /// Throws for intervals of more hours than 64 bits hold nanoseconds of.
  duckdb::unique_ptr<duckdb::DataChunk> Convert(duckdb::unique_ptr<duckdb::DataChunk> chunk,
                                                duckdb::ClientContext& context) const;

 private:
  duckdb::vector<duckdb::LogicalType> types_;
  bool changed_ = false;
  bool has_intervals_ = false;
};

}  // namespace gigapi
