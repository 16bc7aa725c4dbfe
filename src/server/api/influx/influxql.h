// The statements of InfluxQL that InfluxDB 1 clients send while they connect.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lake/lake.h"
#include "server/http/http.h"

namespace gigapi::influx {

struct Statement {
  enum class Kind { kCreateDatabase, kShowDatabases };
  Kind kind = Kind::kShowDatabases;
  std::string database;  // of CREATE DATABASE
};

/// nullopt for every other text. CREATE DATABASE may have a WITH clause (retention policies), which has no effect.
std::optional<Statement> ParseStatement(std::string_view text);

/// Carries it out and answers as InfluxDB 1 does: {"results":[{"statement_id":0,...}]}.
http::Response Execute(const Statement& statement, Lake* lake);

}  // namespace gigapi::influx
