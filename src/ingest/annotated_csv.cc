#include "ingest/annotated_csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "ingest/annotated_table.h"
#include "ingest/csv_reader.h"
#include "ingest/point_rows.h"
#include "ingest/record_boundary.h"
#include "ingest/time_parser.h"

namespace gigapi {
namespace {

class AnnotatedCsvParser {
 public:
  AnnotatedCsvParser(std::string_view body, const ParseOptions& options, const SchemaSource& schemas)
      : options_(options), in_(body, options.delimiter != 0 ? options.delimiter : ','), rows_(options, schemas) {}

  WriteBatch Parse() {
    while (in_.Next() && !broken_) ReadRecord();
    return rows_.Finish();
  }

 private:
  enum class Expect {
    kHeader,
    kRows,
    kAnnotations
  };

  void Refuse(std::string reason) { rows_.Refuse(in_.line(), std::move(reason), in_.text()); }

  void ReadRecord() {
    const bool apart = FollowsEmptyLine();
    if (!in_.error().empty()) return Refuse(std::string(in_.error()));
    if (in_.text().starts_with('#')) return ReadAnnotation();
    if (apart && expect_ == Expect::kRows) expect_ = Expect::kHeader;
    if (expect_ != Expect::kRows) return ReadHeader();
    if (table_.is_error()) return RefuseAll();
    ReadPoint();
  }

  /// An empty line ends a table; the reader passes over it.
  bool FollowsEmptyLine() {
    const char* const begin = in_.text().data();
    const bool apart = last_end_ != nullptr && std::count(last_end_, begin, '\n') > 1;
    last_end_ = begin + in_.text().size();
    return apart;
  }

  void ReadAnnotation() {
    if (expect_ != Expect::kAnnotations) table_.Restart();
    expect_ = Expect::kAnnotations;
    if (std::string reason = table_.ReadAnnotation(in_.fields()); !reason.empty()) Refuse(std::move(reason));
  }

  void ReadHeader() {
    expect_ = Expect::kRows;
    std::string reason = table_.ReadHeader(in_.fields());
    if (static_cast<int64_t>(table_.columns().size()) > options_.columns_per_table_max + 16) reason = "too many columns";
    if (reason.empty()) return;
    Refuse(std::move(reason));
    broken_ = true;  // rows without a header mean nothing
  }

  void RefuseAll() {
    std::string message = "the file holds an error";
    for (size_t i = 0; i < table_.columns().size() && i < in_.fields().size(); ++i) {
      if (table_.columns()[i].name == "error") message.append(": ").append(in_.fields()[i].text);
    }
    Refuse(std::move(message));
    broken_ = true;
  }

  void ReadPoint() {
    if (in_.fields().size() > table_.columns().size()) {
      return Refuse(fmt::format("{} fields, the header has {}", in_.fields().size(), table_.columns().size()));
    }
    if (static_cast<int64_t>(in_.text().size()) > options_.line_bytes_max) return Refuse("line is too long");
    key_ = {options_.table, {}, options_.now_ns};
    fields_.clear();
    field_name_ = {};
    field_value_ = {};
    for (const AnnotatedColumn& constant : table_.constants()) {
      if (!TakeValue(constant, constant.default_text)) return;
    }
    for (size_t i = 0; i < table_.columns().size(); ++i) {
      const AnnotatedColumn& column = table_.columns()[i];
      if (column.role == AnnotatedRole::kIgnored) continue;
      const CsvField field = i < in_.fields().size() ? in_.fields()[i] : CsvField{};
      if (!TakeValue(column, field.text.empty() ? std::string_view(column.default_text) : field.text)) return;
    }
    if (!field_name_.empty() && !field_value_.text.empty()) {
      field_value_.name = field_name_;
      fields_.push_back(field_value_);
    }
    if (key_.table.empty()) return Refuse("no measurement: name one with ?table=");
    if (fields_.empty()) return Refuse("the record has no value");
    rows_.Add(key_, fields_, in_.line(), in_.text());
  }

  /// False when the record is refused.
  bool TakeValue(const AnnotatedColumn& column, std::string_view text) {
    if (text.empty()) return true;
    if (column.role == AnnotatedRole::kTime) {
      if (ParseTime(text, number_precision_, &key_.time_ns)) return true;
      Refuse(fmt::format("'{}' is no time", text.substr(0, 64)));
      return false;
    }
    // Texts of the body last; those that the reader has put together, and names, which change with the table, do not.
    const std::string_view kept = LastsAsLongAsBody(text) ? text : rows_.Keep(text);
    switch (column.role) {
      case AnnotatedRole::kMeasurement: key_.table = kept; break;
      case AnnotatedRole::kFieldName: field_name_ = kept; break;
      case AnnotatedRole::kFieldValue: field_value_ = {{}, kept, column.type}; break;
      case AnnotatedRole::kTag: key_.tags.push_back({NameOf(column), kept, PointValueType::kTag}); break;
      case AnnotatedRole::kField: fields_.push_back({NameOf(column), kept, column.type}); break;
      case AnnotatedRole::kTime:
      case AnnotatedRole::kIgnored: break;
    }
    return true;
  }

  bool LastsAsLongAsBody(std::string_view text) const {
    return text.data() >= in_.text().data() && text.data() < in_.text().data() + in_.text().size();
  }

  /// A copy for each name, not for each value.
  std::string_view NameOf(const AnnotatedColumn& column) {
    const auto found = std::find(names_.begin(), names_.end(), column.name);
    return found != names_.end() ? *found : names_.emplace_back(rows_.Keep(column.name));
  }

  const ParseOptions& options_;
  /// InfluxDB's numbers are nanoseconds.
  const Precision number_precision_ =
      options_.number_precision == Precision::kAuto ? Precision::kNanosecond : options_.number_precision;
  CsvReader in_;
  PointRows rows_;
  AnnotatedTable table_;
  Expect expect_ = Expect::kHeader;
  bool broken_ = false;
  const char* last_end_ = nullptr;
  std::vector<std::string_view> names_;

  // Of the record.
  PointKey key_;
  std::vector<PointValue> fields_;
  std::string_view field_name_;
  PointValue field_value_;
};

/// Where the last run of annotations begins, and where its header ends; nothing when there is no such run, the end npos when
/// the header is not there yet.
struct TableHead {
  size_t begin = 0;
  size_t end = 0;
};
std::optional<TableHead> FindLastHead(std::string_view text) {
  size_t last = std::string_view::npos;
  for (size_t at = text.rfind("\n#");; at = at == 0 ? std::string_view::npos : text.rfind("\n#", at - 1)) {
    const size_t line = at == std::string_view::npos ? (text.starts_with('#') ? 0 : std::string_view::npos) : at + 1;
    if (line == std::string_view::npos) break;
    const bool joins = last != std::string_view::npos && text.find('\n', line) + 1 == last;
    if (last != std::string_view::npos && !joins) break;
    last = line;
    if (line == 0) break;
  }
  if (last == std::string_view::npos) return std::nullopt;
  TableHead head{last, last};
  while (head.end < text.size() && text[head.end] == '#') {
    const size_t newline = text.find('\n', head.end);
    if (newline == std::string_view::npos) return TableHead{last, std::string_view::npos};
    head.end = newline + 1;
  }
  const size_t newline = text.find('\n', head.end);
  head.end = newline == std::string_view::npos ? newline : newline + 1;
  return head;
}

}  // namespace

WriteBatch ParseAnnotatedCsv(std::string_view body, const ParseOptions& options, const SchemaSource& schemas) {
  return AnnotatedCsvParser(body, options, schemas).Parse();
}

size_t EndOfAnnotatedRecords(std::string_view text) {
  const size_t end = EndOfCsvRecords(text, ',');
  const auto head = FindLastHead(text.substr(0, end));
  // A table of which only the head is there waits for its rows.
  if (head && (head->end == std::string_view::npos || head->end >= end)) return head->begin;
  return end;
}

std::string_view LastTableHead(std::string_view text) {
  const auto head = FindLastHead(text);
  if (head && head->end != std::string_view::npos) return text.substr(head->begin, head->end - head->begin);
  return text.substr(0, text.find('\n') + 1);  // a header without annotations
}

}  // namespace gigapi
