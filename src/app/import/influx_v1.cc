#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "app/import/influx_source.h"
#include "base/percent_encoding.h"

namespace gigapi {
namespace {

namespace dom = simdjson::dom;

constexpr int kChunkRows = 10'000;

std::string Escape(std::string_view text, std::string_view special) {
  std::string escaped;
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

/// A name within InfluxQL.
std::string Quoted(std::string_view name) { return "\"" + Escape(name, "\"\\") + "\""; }

Status NotInflux(std::string_view what) {
  return Errorf(ErrorKind::kUnavailable, "the answer is not that of an InfluxDB 1: {}", what);
}

/// Calls `visit` with each series of an answer, which has one statement.
template <typename Visit>
Status ForEachSeries(std::string_view answer, const Visit& visit) {
  thread_local dom::parser parser;
  dom::element json;
  if (parser.parse(answer.data(), answer.size()).get(json) != simdjson::SUCCESS) return NotInflux("no JSON");
  std::string_view error;
  if (json["error"].get(error) == simdjson::SUCCESS) return Error(ErrorKind::kInvalidArgument, std::string(error));
  dom::array results, series;
  if (json["results"].get(results) != simdjson::SUCCESS) return NotInflux("no results");
  for (const dom::element result : results) {
    if (result["error"].get(error) == simdjson::SUCCESS) return Error(ErrorKind::kInvalidArgument, std::string(error));
    if (result["series"].get(series) != simdjson::SUCCESS) continue;
    for (const dom::element each : series) ARROW_RETURN_NOT_OK(visit(each));
  }
  return Status::OK();
}

/// A field's value as line protocol has it; empty for null.
std::string FieldText(const dom::element& value, std::string_view type) {
  double number = 0;
  int64_t integer = 0;
  uint64_t natural = 0;
  std::string_view text;
  bool truth = false;
  if (type == "integer" && value.get(integer) == simdjson::SUCCESS) return fmt::format("{}i", integer);
  if (type == "unsigned" && value.get(natural) == simdjson::SUCCESS) return fmt::format("{}u", natural);
  if (value.get(number) == simdjson::SUCCESS) return fmt::format("{}", number);
  if (value.get(truth) == simdjson::SUCCESS) return truth ? "true" : "false";
  if (value.get(text) == simdjson::SUCCESS) return "\"" + EscapeString(text) + "\"";
  return {};
}

/// Makes lines of the rows of one series.
class LineMaker {
 public:
  LineMaker(const std::string& measurement, const InfluxV1::Measurement& shape)
      : name_(EscapeMeasurement(measurement)), shape_(shape) {}

  Status Write(const dom::element& series, const InfluxV1::LineSink& sink) {
    dom::array columns, rows;
    if (series["columns"].get(columns) != simdjson::SUCCESS || series["values"].get(rows) != simdjson::SUCCESS) {
      return NotInflux("a series without columns");
    }
    names_.clear();
    for (const dom::element column : columns) names_.emplace_back(std::string_view(column));
    for (const dom::array row : rows) ARROW_RETURN_NOT_OK(WriteRow(row, sink));
    return Status::OK();
  }

 private:
  Status WriteRow(const dom::array& row, const InfluxV1::LineSink& sink) {
    std::string tags, fields;
    int64_t time = 0;
    size_t i = 0;
    for (const dom::element value : row) {
      if (i == names_.size()) return NotInflux("a row with too many values");
      const std::string& name = names_[i++];
      std::string_view text;
      if (name == "time") {
        if (value.get(time) != simdjson::SUCCESS) return NotInflux("a row without a time");
      } else if (shape_.tags.count(name) > 0) {
        if (value.get(text) == simdjson::SUCCESS && !text.empty()) tags += "," + EscapeTag(name) + "=" + EscapeTag(text);
      } else {
        const auto type = shape_.fields.find(name);
        const std::string field = FieldText(value, type == shape_.fields.end() ? "" : type->second);
        if (!field.empty()) fields += (fields.empty() ? "" : ",") + EscapeTag(name) + "=" + field;
      }
    }
    if (fields.empty()) return Status::OK();
    return sink(fmt::format("{}{} {} {}\n", name_, tags, fields, time));
  }

  const std::string name_;
  const InfluxV1::Measurement& shape_;
  std::vector<std::string> names_;
};

std::string Where(const InfluxSlice& slice) {
  return fmt::format("WHERE time >= {} AND time < {}", slice.begin_ns, slice.end_ns);
}

}  // namespace

std::string EscapeMeasurement(std::string_view text) { return Escape(text, ", "); }
std::string EscapeTag(std::string_view text) { return Escape(text, ",= "); }
std::string EscapeString(std::string_view text) { return Escape(text, "\"\\"); }

HttpRequest InfluxV1::RequestOf(const std::string& query) const {
  return {.method = "GET",
          .target = fmt::format("/query?db={}&epoch=ns&chunked=true&chunk_size={}&q={}", PercentEncode(server_.database),
                                kChunkRows, PercentEncode(query)),
          .content_type = {},
          .body = {}};
}

/// A chunk a line.
Status InfluxV1::Read(const std::string& measurement, const Measurement& shape, const InfluxSlice& slice,
                      const LineSink& sink) {
  LineMaker lines(measurement, shape);
  std::string chunk;
  const auto take = [&]() -> Status {
    if (chunk.find_first_not_of(" \r\n") == std::string::npos) return Status::OK();
    ARROW_RETURN_NOT_OK(ForEachSeries(chunk, [&](const dom::element& series) { return lines.Write(series, sink); }));
    chunk.clear();
    return Status::OK();
  };
  const auto request = RequestOf(fmt::format("SELECT * FROM {} {}", Quoted(measurement), Where(slice)));
  ARROW_RETURN_NOT_OK(client_.Send(request, [&](std::string_view bytes) -> Status {
    while (true) {
      const size_t newline = bytes.find('\n');
      chunk.append(bytes.substr(0, newline));
      if (newline == std::string_view::npos) return Status::OK();
      ARROW_RETURN_NOT_OK(take());
      bytes.remove_prefix(newline + 1);
    }
  }));
  return take();
}

/// Small answers: all values of all rows as texts, numbers in digits.
Result<std::vector<std::vector<std::string>>> InfluxV1::Rows(const std::string& query) {
  std::vector<std::vector<std::string>> all;
  ARROW_ASSIGN_OR_RAISE(const std::string answer, client_.Fetch(RequestOf(query)));
  std::string_view rest = answer;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (line.find_first_not_of(" \r") == std::string_view::npos) continue;
    ARROW_RETURN_NOT_OK(ForEachSeries(std::string(line), [&](const dom::element& series) -> Status {
      dom::array rows;
      if (series["values"].get(rows) != simdjson::SUCCESS) return Status::OK();
      for (const dom::array row : rows) {
        std::vector<std::string>& texts = all.emplace_back();
        for (const dom::element value : row) {
          std::string_view text;
          texts.push_back(value.get(text) == simdjson::SUCCESS ? std::string(text) : simdjson::minify(value));
        }
      }
      return Status::OK();
    }));
  }
  return all;
}

Result<std::vector<std::string>> InfluxV1::Measurements() {
  ARROW_ASSIGN_OR_RAISE(const auto rows, Rows("SHOW MEASUREMENTS"));
  std::vector<std::string> names;
  names.reserve(rows.size());
  for (const auto& row : rows) names.push_back(row.at(0));
  return names;
}

Result<InfluxV1::Measurement> InfluxV1::Describe(const std::string& measurement) {
  Measurement shape;
  ARROW_ASSIGN_OR_RAISE(const auto tags, Rows("SHOW TAG KEYS FROM " + Quoted(measurement)));
  for (const auto& row : tags) shape.tags.insert(row.at(0));
  ARROW_ASSIGN_OR_RAISE(const auto fields, Rows("SHOW FIELD KEYS FROM " + Quoted(measurement)));
  for (const auto& row : fields) {
    if (row.size() > 1) shape.fields[row[0]] = row[1];
  }
  return shape;
}

Result<std::optional<int64_t>> InfluxV1::TimeOf(const std::string& query) {
  ARROW_ASSIGN_OR_RAISE(const auto rows, Rows(query));
  if (rows.empty() || rows[0].empty()) return std::nullopt;
  return std::strtoll(rows[0][0].c_str(), nullptr, 10);
}

Result<std::optional<int64_t>> InfluxV1::FirstTime(const std::string& measurement, const InfluxSlice& slice) {
  return TimeOf(fmt::format("SELECT * FROM {} {} ORDER BY time ASC LIMIT 1", Quoted(measurement), Where(slice)));
}

Result<std::optional<int64_t>> InfluxV1::LastTime(const std::string& measurement, const InfluxSlice& slice) {
  return TimeOf(fmt::format("SELECT * FROM {} {} ORDER BY time DESC LIMIT 1", Quoted(measurement), Where(slice)));
}

}  // namespace gigapi
