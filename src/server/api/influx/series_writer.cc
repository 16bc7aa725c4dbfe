#include "server/api/influx/series_writer.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

#include "base/clock.h"
#include "base/json_writer.h"
#include "server/api/influx/zone_table.h"
#include "server/encode/json_text.h"
#include "server/encode/number_text.h"
#include "server/encode/time_text.h"

namespace gigapi::influx {
namespace {

constexpr size_t kValueBytesMax = 48;
constexpr size_t kZoneBytesMax = 8;  // "+02:00"

int64_t FloorDivide(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

/// Of a value that is no text.
char* WriteShort(const SeriesValue& value, char* out) {
  if (const auto* number = std::get_if<double>(&value); number != nullptr && std::isfinite(*number)) {
    return WriteDouble(*number, out);
  }
  if (const auto* number = std::get_if<int64_t>(&value)) return WriteInt64(*number, out);
  if (const auto* number = std::get_if<uint64_t>(&value)) return WriteUInt64(*number, out);
  const auto* truth = std::get_if<bool>(&value);
  const std::string_view text = truth == nullptr ? "null" : *truth ? "true" : "false";
  return text.copy(out, text.size()) + out;
}

std::string MessagesJson(std::string_view warning) {
  std::string json = R"(,"messages":[{"level":"warning","text":)";
  AppendJsonString(warning, &json);
  return json + "}]";
}

}  // namespace

Result<int64_t> ParseEpoch(std::string_view text) {
  if (text.empty() || text == "rfc3339") return 0;
  if (text == "ns" || text == "n") return 1;
  if (text == "u" || text == "us" || text == "µ") return kNanosPerMicro;
  if (text == "ms") return kNanosPerMilli;
  if (text == "s") return kNanosPerSecond;
  if (text == "m") return 60 * kNanosPerSecond;
  if (text == "h") return kNanosPerHour;
  return Errorf(ErrorKind::kInvalidArgument, "invalid epoch: {} (ns, u, ms, s, m and h are known)", text);
}

char* SeriesWriter::WriteTime(int64_t time_ns, char* out) const {
  if (format_.epoch_unit_ns != 0) return WriteInt64(FloorDivide(time_ns, format_.epoch_unit_ns), out);
  const int64_t ahead_s = zone_ != nullptr ? zone_->AheadNanos(time_ns) / kNanosPerSecond : 0;
  const int64_t seconds = FloorDivide(time_ns, kNanosPerSecond);
  *out++ = '"';
  out = WriteRfc3339(seconds + ahead_s, static_cast<uint32_t>(time_ns - seconds * kNanosPerSecond), out);
  if (ahead_s != 0) {
    const int64_t minutes = std::abs(ahead_s) / 60;
    out = fmt::format_to(out - 1, "{}{:02}:{:02}", ahead_s < 0 ? '-' : '+', minutes / 60, minutes % 60);  // in place of Z
  }
  *out++ = '"';
  return out;
}

void SeriesWriter::BeginDocument() { out_->Append("{\"results\":["); }

void SeriesWriter::EndDocument() {
  if (format_.chunk_rows > 0 && any_statement_) return;  // each statement has ended its own
  out_->Append("]}\n");
}

void SeriesWriter::OpenStatement() {
  if (any_statement_) out_->Append(format_.chunk_rows > 0 ? "{\"results\":[" : ",");
  any_statement_ = true;
  out_->Append(statement_head_);
  any_series_ = false;
  chunk_rows_ = 0;
}

void SeriesWriter::BeginStatement(size_t statement_id) {
  statement_head_ = "{\"statement_id\":" + std::to_string(statement_id);
  statement_open_ = true;
  OpenStatement();
}

void SeriesWriter::WholeStatement(std::string_view json, std::string_view warning) {
  statement_head_ = json;
  if (!warning.empty()) statement_head_.insert(statement_head_.rfind('}'), MessagesJson(warning));
  OpenStatement();
  if (format_.chunk_rows > 0) out_->Append("]}\n");
}

void SeriesWriter::BeginSeries(std::string_view name, const SeriesTags& tags, const std::vector<std::string>& columns) {
  if (series_open_) CloseSeries(/*partial=*/false);
  JsonWriter json;
  json.BeginObject().Key("name").String(name);
  if (!tags.empty()) {
    json.Key("tags").BeginObject();
    for (const auto& [tag, value] : tags) json.Key(tag).String(value);
    json.EndObject();
  }
  json.Key("columns").BeginArray().String("time");
  for (const std::string& column : columns) json.String(column);
  json.EndArray().Key("values").BeginArray();
  series_head_ = json.Take();
  if (format_.chunk_rows > 0 && chunk_rows_ > 0) CloseChunk(/*series_goes_on=*/false);
  OpenSeries();
}

void SeriesWriter::OpenSeries() {
  out_->Append(any_series_ ? "," : ",\"series\":[");
  out_->Append(series_head_);
  any_series_ = true;
  series_open_ = true;
  rows_ = 0;
}

void SeriesWriter::CloseSeries(bool partial) {
  out_->Append(partial ? "],\"partial\":true}" : "]}");
  series_open_ = false;
}

/// Ends this document because more of the statement follows, and begins the next.
void SeriesWriter::CloseChunk(bool series_goes_on) {
  if (series_open_) CloseSeries(series_goes_on);
  out_->Append("],\"partial\":true}]}\n");
  OpenStatement();
}

void SeriesWriter::Row(int64_t time_ns, const std::vector<SeriesValue>& values) {
  if (format_.chunk_rows > 0 && chunk_rows_ == format_.chunk_rows) {
    CloseChunk(/*series_goes_on=*/true);
    OpenSeries();
  }
  char* out = out_->Reserve(kTimeBytesMax + kZoneBytesMax + (values.size() + 1) * kValueBytesMax);
  if (rows_ > 0) *out++ = ',';
  *out++ = '[';
  out = WriteTime(time_ns, out);
  for (const SeriesValue& value : values) {
    *out++ = ',';
    if (const auto* text = std::get_if<std::string>(&value)) {
      out_->Commit(out);
      out = out_->Reserve(JsonStringBytesMax(text->size()) + (values.size() + 1) * kValueBytesMax);
      out = WriteJsonString(*text, out);
    } else {
      out = WriteShort(value, out);
    }
  }
  *out++ = ']';
  out_->Commit(out);
  ++rows_;
  ++chunk_rows_;
}

void SeriesWriter::EndStatement(std::string_view warning, std::string_view error) {
  if (series_open_) CloseSeries(/*partial=*/false);
  if (any_series_) out_->Append("]");
  if (!warning.empty()) out_->Append(MessagesJson(warning));
  if (!error.empty()) {
    std::string text = ",\"error\":";
    AppendJsonString(error, &text);
    out_->Append(text);
  }
  out_->Append("}");
  if (format_.chunk_rows > 0) out_->Append("]}\n");
  statement_open_ = false;
  zone_ = nullptr;
}

}  // namespace gigapi::influx
