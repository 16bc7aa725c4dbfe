#include "server/api/influx/influxql_select_parser.h"

#include <charconv>

#include "server/api/influx/influxql_expression_parser.h"
#include "server/api/influx/influxql_subquery.h"
#include "server/http/http.h"

namespace gigapi::influx {
namespace {

/// Deeper queries are nobody's, and recursion has to end somewhere.
constexpr int kDepthMax = 16;

Result<Source> OneSource(TokenReader* in) {
  Source source;
  std::vector<std::string> parts;
  while (true) {
    if (in->token().kind == TokenKind::kRegex) {
      source.is_regex = true;
      parts.push_back(in->token().text);
      in->Advance();
      break;
    }
    if (in->At(".") && !parts.empty()) parts.emplace_back();  // db..name
    else {
      ARROW_ASSIGN_OR_RAISE(std::string part, in->Identifier());
      parts.push_back(std::move(part));
    }
    if (!in->At(".") || parts.size() == 3) break;
    in->Advance(/*regex_allowed=*/true);
  }
  source.name = parts.back();
  if (parts.size() > 1) source.retention_policy = parts[parts.size() - 2];
  if (parts.size() > 2) source.database = parts[0];
  return source;
}

class SelectParser {
 public:
  SelectParser(TokenReader* in, int depth) : in_(*in), depth_(depth) {}

  Result<Statement> Parse() {
    Statement statement;
    statement.kind = Statement::Kind::kSelect;
    statement.select = std::make_unique<Select>();
    select_ = statement.select.get();
    ARROW_RETURN_NOT_OK(Fields());
    if (in_.AtKeyword("INTO")) return Unsupported("SELECT INTO");
    if (!in_.AtKeyword("FROM")) return in_.Unexpected("FROM");
    ARROW_RETURN_NOT_OK(Sources(&statement.sources));
    if (in_.Accept("WHERE")) {
      ARROW_ASSIGN_OR_RAISE(statement.condition, ParseCondition(&in_));
    }
    if (in_.Accept("GROUP")) ARROW_RETURN_NOT_OK(GroupByClause());
    if (AtName("fill")) ARROW_RETURN_NOT_OK(FillClause());
    if (in_.Accept("ORDER")) ARROW_RETURN_NOT_OK(OrderByClause());
    if (in_.Accept("LIMIT")) {
      ARROW_ASSIGN_OR_RAISE(statement.limit, in_.Integer());
    }
    if (in_.Accept("OFFSET")) {
      ARROW_ASSIGN_OR_RAISE(statement.offset, in_.Integer());
    }
    if (in_.Accept("SLIMIT")) {
      ARROW_ASSIGN_OR_RAISE(select_->series_limit, in_.Integer());
    }
    if (in_.Accept("SOFFSET")) {
      ARROW_ASSIGN_OR_RAISE(select_->series_offset, in_.Integer());
    }
    if (AtName("tz")) ARROW_RETURN_NOT_OK(TimeZoneClause());
    return statement;
  }

 private:
  bool AtName(std::string_view name) const {
    return in_.token().kind == TokenKind::kIdentifier && http::EqualsIgnoringCase(in_.token().text, name);
  }

  Status Sources(std::vector<Source>* sources) {
    do {
      in_.Advance(/*regex_allowed=*/true);  // over FROM, or over the comma
      if (in_.AcceptSymbol("(")) {
        if (depth_ >= kDepthMax) return Error(ErrorKind::kInvalidArgument, "the subqueries are nested too deeply");
        ARROW_RETURN_NOT_OK(in_.Expect("SELECT"));
        ARROW_ASSIGN_OR_RAISE(Statement subquery, SelectParser(&in_, depth_ + 1).Parse());
        ARROW_RETURN_NOT_OK(in_.ExpectSymbol(")"));
        sources->emplace_back().subquery = std::make_shared<Statement>(std::move(subquery));
      } else {
        ARROW_ASSIGN_OR_RAISE(Source source, OneSource(&in_));
        sources->push_back(std::move(source));
      }
    } while (in_.At(","));
    return Status::OK();
  }

  Status TimeZoneClause() {
    in_.Advance();
    ARROW_RETURN_NOT_OK(in_.ExpectSymbol("("));
    if (in_.token().kind != TokenKind::kString) return in_.Unexpected("string");
    select_->time_zone = in_.token().text;
    in_.Advance();
    return in_.ExpectSymbol(")");
  }

  Status Fields() {
    in_.Reread();
    while (true) {
      SelectedField field;
      ARROW_ASSIGN_OR_RAISE(field.expression, ParseSum(&in_));
      if (in_.Accept("AS")) {
        ARROW_ASSIGN_OR_RAISE(field.alias, in_.Identifier());
      }
      select_->fields.push_back(std::move(field));
      if (!in_.At(",")) return Status::OK();
      in_.Advance(/*regex_allowed=*/true);
    }
  }

  Status GroupByClause() {
    if (!in_.AtKeyword("BY")) return in_.Unexpected("BY");
    do {
      in_.Advance(/*regex_allowed=*/true);  // over BY, or over the comma
      ARROW_RETURN_NOT_OK(Dimension());
    } while (in_.At(","));
    return Status::OK();
  }

  Status Dimension() {
    GroupBy& group_by = select_->group_by;
    if (in_.AcceptSymbol("*")) {
      group_by.all_tags = true;
      return Status::OK();
    }
    if (in_.token().kind == TokenKind::kRegex) {
      group_by.tag_patterns.push_back(in_.token().text);
      in_.Advance();
      return Status::OK();
    }
    const bool may_be_time = AtName("time");
    ARROW_ASSIGN_OR_RAISE(std::string name, in_.Identifier());
    if (may_be_time && in_.AcceptSymbol("(")) return TimeDimension();
    if (in_.AcceptSymbol("::")) in_.Advance();
    group_by.tags.push_back(std::move(name));
    return Status::OK();
  }

  Status TimeDimension() {
    GroupBy& group_by = select_->group_by;
    if (group_by.width_ns != 0) return Error(ErrorKind::kInvalidArgument, "multiple time dimensions not allowed");
    ARROW_ASSIGN_OR_RAISE(const ExpressionPtr width, ParseSum(&in_));
    if (width->kind != Expression::Kind::kDuration || width->integer <= 0) {
      return Error(ErrorKind::kInvalidArgument, "time dimension must have duration argument");
    }
    group_by.width_ns = width->integer;
    if (in_.AcceptSymbol(",")) {
      ARROW_ASSIGN_OR_RAISE(group_by.offset, ParseSum(&in_));
    }
    return in_.ExpectSymbol(")");
  }

  Status FillClause() {
    in_.Advance();
    ARROW_RETURN_NOT_OK(in_.ExpectSymbol("("));
    if (AtName("null")) select_->fill = Fill::kNull;
    else if (AtName("none")) select_->fill = Fill::kNone;
    else if (AtName("previous")) select_->fill = Fill::kPrevious;
    else if (AtName("linear")) select_->fill = Fill::kLinear;
    else return FillNumber();
    in_.Advance();
    return in_.ExpectSymbol(")");
  }

  Status FillNumber() {
    ARROW_ASSIGN_OR_RAISE(const ExpressionPtr number, ParseSum(&in_));
    const std::string& text = number->text;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), select_->fill_number);
    const bool is_number = number->kind == Expression::Kind::kInteger || number->kind == Expression::Kind::kNumber;
    if (!is_number || error != std::errc()) {
      return Error(ErrorKind::kInvalidArgument, "fill requires an argument, e.g.: 0, null, none, previous, linear");
    }
    select_->fill = Fill::kNumber;
    return in_.ExpectSymbol(")");
  }

  Status OrderByClause() {
    ARROW_RETURN_NOT_OK(in_.Expect("BY"));
    const bool by_time = AtName("time");
    if (by_time) in_.Advance();
    if (in_.Accept("DESC")) select_->descending = true;
    else if (!in_.Accept("ASC") && !by_time)
      return Error(ErrorKind::kInvalidArgument, "only ORDER BY time supported at this time");
    if (in_.At(",")) return Error(ErrorKind::kInvalidArgument, "only ORDER BY time supported at this time");
    return Status::OK();
  }

  TokenReader& in_;
  const int depth_;
  Select* select_ = nullptr;
};

}  // namespace

Status ParseSources(TokenReader* in, std::vector<Source>* sources) {
  do {
    in->Advance(/*regex_allowed=*/true);  // over FROM, or over the comma
    if (in->At("(")) return Unsupported("a subquery in FROM");
    ARROW_ASSIGN_OR_RAISE(Source source, OneSource(in));
    sources->push_back(std::move(source));
  } while (in->At(","));
  return Status::OK();
}

Result<Statement> ParseSelect(TokenReader* in) {
  ARROW_ASSIGN_OR_RAISE(Statement statement, SelectParser(in, 0).Parse());
  InheritIntoSubqueries(&statement);
  return statement;
}

}  // namespace gigapi::influx
