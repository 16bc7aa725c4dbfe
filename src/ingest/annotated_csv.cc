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

/// What the next record is, unless it is one of annotations.
enum class Expect {
  kHeader,
  kRows,
  kAnnotations
};

class AnnotatedCsvParser {
 public:
  AnnotatedCsvParser(std::string_view body, const ParseOptions& options, const SchemaSource& schemas)
      : options_(options), in_(body, options.delimiter != 0 ? options.delimiter : ','), rows_(options, schemas) {}

  WriteBatch Parse() {
    while (!broken_ && in_.Next()) ReadRecord();
    const int64_t unread = broken_ ? CountRest() : 0;
    WriteBatch batch = rows_.Finish();
    batch.refused_rows += unread;
    batch.broken = std::move(broken_);
    return batch;
  }

 private:
  void Refuse(std::string reason) { rows_.Refuse(in_.line(), std::move(reason), in_.text()); }

  void Break(std::string reason) {
    broken_ = {in_.line(), reason, {}};
    Refuse(std::move(reason));
  }

  /// The records that come after what broke the body. Which of them are headers nobody knows: they count too.
  int64_t CountRest() {
    int64_t records = 0;
    while (in_.Next()) records += in_.text().starts_with('#') ? 0 : 1;
    return records;
  }

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
    std::vector<CsvField> names = in_.fields();
    for (CsvField& name : names) name.text = LastingText(name.text);
    const bool fits = static_cast<int64_t>(names.size()) <= options_.columns_per_table_max + 16;
    std::string reason = fits ? table_.ReadHeader(names) : "too many columns";
    if (reason.empty()) return;
    Break(std::move(reason));  // rows without a header mean nothing
  }

  void RefuseAll() {
    std::string message = "the file holds an error";
    for (size_t i = 0; i < table_.columns().size() && i < in_.fields().size(); ++i) {
      if (table_.columns()[i].name == "error") message.append(": ").append(in_.fields()[i].text);
    }
    Break(std::move(message));
  }

  void ReadPoint() {
    if (in_.fields().size() > table_.columns().size()) {
      return Refuse(fmt::format("{} fields, the header has {}", in_.fields().size(), table_.columns().size()));
    }
    if (static_cast<int64_t>(in_.text().size()) > options_.line_bytes_max) return Refuse("line is too long");
    if (!ClaimDefaults()) return Refuse(TooManyValues(options_.values_max));
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
      const std::string_view text = i < in_.fields().size() ? in_.fields()[i].text : std::string_view();
      if (!TakeValue(column, text.empty() ? column.default_text : LastingText(text))) return;
    }
    if (!field_name_.empty() && !field_value_.text.empty()) {
      field_value_.name = field_name_;
      fields_.push_back(field_value_);
    }
    if (key_.table.empty()) return Refuse("no measurement: name one with ?table=");
    if (fields_.empty()) return Refuse("the record has no value");
    rows_.Add(key_, fields_, in_.line(), in_.text());
  }

  /// Constants and defaults of a header may make many values of a record of two bytes, also of one that is refused then.
  bool ClaimDefaults() {
    const size_t values = table_.constants().size() + table_.columns().size() - in_.fields().size();
    if (defaults_taken_ + values > static_cast<size_t>(options_.values_max)) return false;
    defaults_taken_ += values;
    return true;
  }

  /// False when the record is refused. The text must last as long as the rows.
  bool TakeValue(const AnnotatedColumn& column, std::string_view text) {
    if (text.empty()) return true;
    switch (column.role) {
      case AnnotatedRole::kTime:
        if (ParseTime(text, number_precision_, &key_.time_ns)) return true;
        Refuse(fmt::format("'{}' is no time", text.substr(0, 64)));
        return false;
      case AnnotatedRole::kMeasurement: key_.table = text; break;
      case AnnotatedRole::kFieldName: field_name_ = text; break;
      case AnnotatedRole::kFieldValue: field_value_ = {{}, text, column.type}; break;
      case AnnotatedRole::kTag: key_.tags.push_back({column.name, text, PointValueType::kTag}); break;
      case AnnotatedRole::kField: fields_.push_back({column.name, text, column.type}); break;
      case AnnotatedRole::kIgnored: break;
    }
    return true;
  }

  /// Texts of the body last; those that the reader has put together do not.
  std::string_view LastingText(std::string_view text) {
    const bool in_body = text.data() >= in_.text().data() && text.data() < in_.text().data() + in_.text().size();
    return in_body ? text : rows_.Keep(text);
  }

  const ParseOptions& options_;
  /// InfluxDB's numbers are nanoseconds.
  const Precision number_precision_ =
      options_.number_precision == Precision::kAuto ? Precision::kNanosecond : options_.number_precision;
  CsvReader in_;
  PointRows rows_;
  AnnotatedTable table_;
  Expect expect_ = Expect::kHeader;
  std::optional<RefusedLine> broken_;
  const char* last_end_ = nullptr;
  size_t defaults_taken_ = 0;

  // Of the record.
  PointKey key_;
  std::vector<PointValue> fields_;
  std::string_view field_name_;
  PointValue field_value_;
};

/// What stands before the rows of a text's last table.
struct TableHead {
  const char* begin = nullptr;  // nullptr: the text has none
  std::string_view annotations;
  std::string_view header;
  bool has_rows = false;
  bool is_over = false;  // an empty line is the text's last
};

TableHead FindLastHead(std::string_view text) {
  TableHead head;
  CsvReader in(text, ',');
  Expect expect = Expect::kHeader;
  const char* const text_end = text.data() + text.size();
  const char* last_end = text.data();
  while (in.Next()) {
    const std::string_view record = in.text();
    const bool apart = std::count(last_end, record.data(), '\n') > 1;
    last_end = record.data() + record.size();
    if (!in.error().empty()) continue;
    const char* const newline = std::find(last_end, text_end, '\n');
    const char* const line_end = newline < text_end ? newline + 1 : text_end;
    if (record.starts_with('#')) {
      if (expect != Expect::kAnnotations) head = {record.data(), {}, {}};
      head.annotations = {head.begin, static_cast<size_t>(line_end - head.begin)};
      expect = Expect::kAnnotations;
    } else if (expect != Expect::kRows || apart) {
      if (expect != Expect::kAnnotations) head.begin = record.data();
      head.header = {record.data(), static_cast<size_t>(line_end - record.data())};
      head.has_rows = false;
      expect = Expect::kRows;
    } else {
      head.has_rows = true;
    }
  }
  head.is_over = std::count(last_end, text_end, '\n') > 1;
  return head;
}

}  // namespace

WriteBatch ParseAnnotatedCsv(std::string_view body, const ParseOptions& options, const SchemaSource& schemas) {
  return AnnotatedCsvParser(body, options, schemas).Parse();
}

size_t EndOfAnnotatedRecords(std::string_view text) {
  const size_t end = EndOfCsvRecords(text, ',');
  const TableHead head = FindLastHead(text.substr(0, end));
  // A table of which only the head is there waits for its rows.
  return head.begin == nullptr || head.has_rows ? end : static_cast<size_t>(head.begin - text.data());
}

std::string HeadOfNextPiece(std::string_view text) {
  const TableHead last = FindLastHead(text);
  std::string head;
  head.append(last.annotations).append(last.header);
  if (last.is_over) head.push_back('\n');
  return head;
}

}  // namespace gigapi
