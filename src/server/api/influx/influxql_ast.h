// What InfluxQL says, as values. Made by influxql_parser.h, carried out by influxql_executor.h.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gigapi::influx {

/// A node of a WHERE clause, or of what is selected.
struct Expression {
  enum class Kind : uint8_t {
    kName,  // a tag, a field, or time
    kString,
    kInteger,
    kNumber,
    kDuration,  // integer: nanoseconds
    kBool,      // integer: 0 or 1
    kRegex,
    kWildcard,  // text: "", "field" or "tag"
    kCall,      // text: the function in lower case
    kBinary,    // text: "AND", "OR", "=", "!=", "<", "<=", ">", ">=", "=~", "!~", "+", "-", "*", "/", "%", "&", "|", "^"
  };
  Kind kind = Kind::kName;
  std::string text;
  int64_t integer = 0;
  std::unique_ptr<Expression> left;  // of kBinary
  std::unique_ptr<Expression> right;
  std::vector<std::unique_ptr<Expression>> arguments;  // of kCall
  std::string zone;                                    // of a kString that is a local time: the tz() of its statement
};
using ExpressionPtr = std::unique_ptr<Expression>;

inline ExpressionPtr Clone(const Expression& node) {
  auto copy = std::make_unique<Expression>();
  copy->kind = node.kind;
  copy->text = node.text;
  copy->integer = node.integer;
  copy->zone = node.zone;
  if (node.left != nullptr) copy->left = Clone(*node.left);
  if (node.right != nullptr) copy->right = Clone(*node.right);
  for (const ExpressionPtr& argument : node.arguments) copy->arguments.push_back(Clone(*argument));
  return copy;
}

struct Statement;

/// "db"."rp"."name", or a regular expression in the place of the name, or (SELECT ...).
struct Source {
  std::string database;
  std::string retention_policy;
  std::string name;
  bool is_regex = false;
  std::shared_ptr<Statement> subquery;  // of kind kSelect; nothing else is set then
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

struct SelectedField {
  ExpressionPtr expression;
  std::string alias;  // empty: it names itself
};

/// What stands for the values of an interval without rows.
enum class Fill : uint8_t {
  kNull,
  kNone,
  kPrevious,
  kLinear,
  kNumber
};

/// GROUP BY time(width, offset), tags, /regex/, *
struct GroupBy {
  int64_t width_ns = 0;  // 0: not by time
  /// The width is that of the query around this one: of no effect where nothing is aggregated.
  bool width_is_inherited = false;
  ExpressionPtr offset;  // may be nullptr
  bool all_tags = false;
  std::vector<std::string> tags;
  std::vector<std::string> tag_patterns;
};

struct Select {
  std::vector<SelectedField> fields;
  GroupBy group_by;
  Fill fill = Fill::kNull;
  double fill_number = 0;
  bool descending = false;
  int64_t series_limit = 0;  // 0: none
  int64_t series_offset = 0;
  std::string time_zone;  // tz(); empty: UTC
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
    kSelect,
  };
  Kind kind = Kind::kShowDatabases;
  std::string text;                // as it was written, without the semicolon
  std::string name;                // of what is created or dropped
  std::string database;            // ON
  std::vector<Source> sources;     // FROM
  std::optional<NameMatch> with;   // WITH MEASUREMENT, WITH KEY
  ExpressionPtr condition;         // WHERE
  std::unique_ptr<Select> select;  // of kSelect
  std::optional<int64_t> limit;
  int64_t offset = 0;

  bool Changes() const {
    return kind == Kind::kCreateDatabase || kind == Kind::kDropDatabase || kind == Kind::kDropMeasurement;
  }
};

}  // namespace gigapi::influx
