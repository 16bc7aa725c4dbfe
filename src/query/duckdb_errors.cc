#include "query/duckdb_errors.h"

#include <cstring>

#include "base/log.h"

namespace gigapi {
namespace {

using duckdb::ExceptionType;

ErrorKind KindOfError(ExceptionType type) {
  switch (type) {
    case ExceptionType::PERMISSION: return ErrorKind::kForbidden;
    case ExceptionType::INTERRUPT: return ErrorKind::kCancelled;
    case ExceptionType::OUT_OF_MEMORY: return ErrorKind::kOverloaded;
    case ExceptionType::IO:
    case ExceptionType::FATAL:
    case ExceptionType::INTERNAL:
    case ExceptionType::NULL_POINTER:
    case ExceptionType::SERIALIZATION: return ErrorKind::kInternal;
    default: return ErrorKind::kInvalidArgument;
  }
}

/// Whether a table is missing, and not a column or a function.
bool IsMissingTable(const duckdb::ErrorData& error) {
  if (error.Type() != ExceptionType::CATALOG) return false;
  const auto& details = error.ExtraInfo();
  const auto subtype = details.find("error_subtype"), type = details.find("type");
  return subtype != details.end() && subtype->second == "MISSING_ENTRY" && type != details.end() && type->second == "Table";
}

/// DuckDB suggests names of its own catalogs where the lake has nothing alike: no help to anyone.
std::string WithoutForeignHint(std::string message) {
  const size_t hint = message.find("\nDid you mean \"");
  if (hint == std::string::npos) return message;
  for (const char* own : {"pg_", "duckdb_", "sqlite_", "pragma_", "information_schema.", "system."}) {
    if (message.compare(hint + 15, std::strlen(own), own) != 0) continue;
    const size_t end = message.find('\n', hint + 1);
    return message.erase(hint, end == std::string::npos ? std::string::npos : end - hint);
  }
  return message;
}

}  // namespace

Status ToStatus(duckdb::ErrorData error, const std::string& sql) {
  const ErrorKind kind = KindOfError(error.Type());
  if (error.ExtraInfo().contains(kStoreIsAwayMark)) {
    return Error(ErrorKind::kUnavailable, "A store that has files of this query does not answer: try again later");
  }
  if (kind == ErrorKind::kInternal) {
    LOG_ERROR("a query failed inside the engine", "error={} sql={}", error.Message(), sql);
    return Error(kind, "The query failed inside the engine; the server's log says why");
  }
  if (kind == ErrorKind::kOverloaded) {
    LOG_WARN("a query ran out of memory", "error={}", error.RawMessage());
    return Error(kind, "Out of memory: the query needs more than queries may use (DUCKDB_MEM_LIMIT)");
  }
  if (!sql.empty()) {
    // The parser names no position for what is missing at the end.
    if (error.RawMessage() == "syntax error at end of input") error.AddQueryLocation(duckdb::optional_idx(sql.size() - 1));
    error.AddErrorLocation(sql);
    error.FinalizeError();
  }
  return Error(IsMissingTable(error) ? ErrorKind::kNotFound : kind, WithoutForeignHint(error.Message()));
}

Status StatusOfCurrentException(const std::string& sql) {
  try {
    throw;
  } catch (const std::exception& exception) {
    return ToStatus(duckdb::ErrorData(exception), sql);
  } catch (...) {
    return Error(ErrorKind::kInternal, "The query failed inside the engine");
  }
}

}  // namespace gigapi
