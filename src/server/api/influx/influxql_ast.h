// What InfluxQL says, as values. Made by influxql_parser.h, carried out by influxql_executor.h.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gigapi::influx {

/// A node of a WHERE clause.
struct Expression {
  enum class Kind : uint8_t {
    kName,  // a tag, a field, or time
    kString,
    kInteger,
    kNumber,
    kDuration,  // integer: nanoseconds
    kBool,      // integer: 0 or 1
    kRegex,
    kCall,    // now()
    kBinary,  // text: "AND", "OR", "=", "!=", "<", "<=", ">", ">=", "=~", "!~", "+", "-", "*"
  };
  Kind kind = Kind::kName;
  std::string text;
  int64_t integer = 0;
  std::unique_ptr<Expression> left;  // of kBinary
  std::unique_ptr<Expression> right;
};
using ExpressionPtr = std::unique_ptr<Expression>;

/// "db"."rp"."name", or a regular expression in the place of the name.
struct Source {
  std::string database;
  std::string retention_policy;
  std::string name;
  bool is_regex = false;
};

/// What a name is compared with: WITH MEASUREMENT =~ /x/, WITH KEY IN ("a", "b").
struct NameMatch {
  enum class Operator : uint8_t {
    kEqual,
    kNotEqual,
    kIn,
    kMatches,
    kNotMatches
  };
  Operator op = Operator::kEqual;
  std::vector<std::string> names;  // one, but for kIn; of the last two the regular expression
};

struct Statement {
  enum class Kind : uint8_t {
    kCreateDatabase,
    kDropDatabase,
    kDropMeasurement,
    kShowDatabases,
    kShowRetentionPolicies,
    kShowMeasurements,
    kShowFieldKeys,
    kShowTagKeys,
    kShowTagValues,
    kShowSeries,
    kSelect,  // recognised by its first word and not read on
  };
  Kind kind = Kind::kShowDatabases;
  std::string text;               // as it was written, without the semicolon
  std::string name;               // of what is created or dropped
  std::string database;           // ON
  std::vector<Source> sources;    // FROM
  std::optional<NameMatch> with;  // WITH MEASUREMENT, WITH KEY
  ExpressionPtr condition;        // WHERE
  std::optional<int64_t> limit;
  int64_t offset = 0;

  bool Changes() const {
    return kind == Kind::kCreateDatabase || kind == Kind::kDropDatabase || kind == Kind::kDropMeasurement;
  }
};

}  // namespace gigapi::influx
